/** A person's membership: number and date of joining. */

import type { FormEvent } from "react";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { valuesOf } from "../forms/values";
import { Slot } from "../ui/slot";
import { type Person, readPerson, setMembership } from "./api";
import { MembershipFields } from "./membership-fields";
import type { OnChange } from "./person";

export function Membership({ person, onChange }: { person: Person; onChange: OnChange }) {
  const submit = useSubmit();

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const membership = valuesOf(event.currentTarget);
    submit.run(async () => {
      await setMembership(person.id, membership);
      onChange(await readPerson(person.id), "The membership is saved.");
      return "stays";
    });
  }

  return (
    <section className="part">
      <h2>Membership</h2>
      <form className="narrow" method="post" noValidate onSubmit={send}>
        <MembershipFields
          testId="membership"
          problem={submit.problem}
          number={person.membership_number}
          joined={person.joined}
        />
        <Slot id="membership-slot" testId="membership-error" problem={submit.problem}>
          A field left blank is taken out.
        </Slot>
        <SubmitButton quiet submit={submit} testId="membership-submit" label="Save" busyLabel="Saving…" />
      </form>
    </section>
  );
}
