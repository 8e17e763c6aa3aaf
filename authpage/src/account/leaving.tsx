/** The way out of it all: goes on at `/account/delete/`. */

import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { navigate } from "../navigation";
import { Slot } from "../ui/slot";
import { askDeletion } from "./api";
import { Section } from "./section";

export function Leaving() {
  const submit = useSubmit();

  async function begin() {
    const { flow_id } = await askDeletion();
    navigate(`/account/delete/#${flow_id}`);
    return "leaves" as const;
  }

  return (
    <Section
      title="Leaving"
      about="Your account can be deleted, with everything in it."
      testId="account-leaving"
    >
      <p className="nothing">The next page says what goes and what stays, and asks for your password.</p>
      {submit.problem !== null && <Slot id="leaving-slot" testId="leaving-error" problem={submit.problem} />}
      <div className="form-actions">
        <SubmitButton
          quiet
          small
          danger
          submit={submit}
          testId="account-delete"
          label="Delete my account"
          busyLabel="One moment…"
          onClick={() => submit.run(begin)}
        />
      </div>
    </Section>
  );
}
