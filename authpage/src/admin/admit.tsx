/** The dialog in which somebody who waits is admitted. */

import type { FormEvent } from "react";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { valuesOf } from "../forms/values";
import { Dialog } from "../ui/dialog";
import { Slot } from "../ui/slot";
import { type Applicant, admit } from "./api";
import { MembershipFields } from "./membership-fields";
import { nameOf, today } from "./words";

interface AdmitProps {
  applicant: Applicant;
  onDone: () => void;
  onClose: () => void;
}

/** Asks for what the board says of a new member; both may be left out, and said later. */
export function Admit({ applicant, onDone, onClose }: AdmitProps) {
  const submit = useSubmit();

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const membership = valuesOf(event.currentTarget);
    submit.run(async () => {
      await admit(applicant.id, membership);
      onDone();
      return "leaves";
    });
  }

  return (
    <Dialog title={`Admit ${nameOf(applicant)}?`} testId="admit" busy={submit.busy} onClose={onClose}>
      <form method="post" noValidate onSubmit={send}>
        <MembershipFields
          testId="admit"
          problem={submit.problem}
          number={applicant.membership_number}
          joined={applicant.joined ?? today(new Date())}
        />
        <Slot id="admit-slot" testId="admit-error" problem={submit.problem}>
          A mail with a link to register goes to <span className="address">{applicant.email}</span>.
        </Slot>
        <div className="actions pair">
          <SubmitButton submit={submit} testId="admit-yes" label="Admit" busyLabel="Admitting…" />
          <button
            className="button quiet"
            type="button"
            data-testid="admit-no"
            onClick={() => submit.busy || onClose()}
          >
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}
