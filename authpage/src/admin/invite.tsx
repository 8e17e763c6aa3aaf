/** Invite one person. Many at once are invited on the command line, from a table. */

import { type FormEvent, useCallback, useId, useRef, useState } from "react";
import { emailSlip } from "../forms/email";
import { EmailField } from "../forms/field";
import { Introduction } from "../forms/introduction";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { valuesOf } from "../forms/values";
import { Slot } from "../ui/slot";
import { useLoad } from "../use-load";
import { readAdministrator } from "./administrator";
import { invite } from "./api";
import { AdminFrame } from "./frame";
import { MembershipFields } from "./membership-fields";
import { Refused } from "./refused";
import { today } from "./words";

export function Invite() {
  const [load, retry] = useLoad(readAdministrator);
  const [done, setDone] = useState<string | null>(null);
  const [turn, setTurn] = useState(0);
  const invited = useCallback((email: string) => {
    setDone(`The registration mail is on its way to ${email}.`);
    setTurn((before) => before + 1);
  }, []);

  if (load.state === "failed") return <Refused problem={load.problem} onRetry={retry} />;
  return (
    <AdminFrame
      title="Invite somebody"
      section="applicants"
      lead="They get a mail with a link to register, and become a member."
      pending={load.state === "loading"}
      done={done}
    >
      <Form key={turn} onInvited={invited} />
    </AdminFrame>
  );
}

function Form({ onInvited }: { onInvited: (email: string) => void }) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<string | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const slotId = useId();

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const address = email.current?.value.trim() ?? "";
    const found = emailSlip(address);
    setSlip(found);
    if (found !== null) {
      email.current?.focus();
      return;
    }
    const more = valuesOf(event.currentTarget);
    submit.run(async () => {
      await invite({ ...more, email: address });
      onInvited(address);
      return "stays";
    });
  }

  return (
    <form className="narrow" method="post" noValidate onSubmit={send}>
      <EmailField
        ref={email}
        autoComplete="off"
        data-testid="invite-email"
        describedBy={slotId}
        invalid={slip !== null || submit.problem?.field === "email"}
        onInput={() => setSlip(null)}
      />
      <Introduction problem={submit.problem} testId="invite" own={false} />
      <MembershipFields testId="invite" problem={submit.problem} joined={today(new Date())} />
      <Slot id={slotId} testId="invite-error" problem={submit.problem} slip={slip}>
        Only the address is needed.
      </Slot>
      <SubmitButton submit={submit} testId="invite-submit" label="Send the invitation" busyLabel="Sending…" />
    </form>
  );
}
