/** The form that asks for an e-mail address and nothing else: sign-up and forgotten password. */

import { type FormEvent, useId, useRef, useState } from "react";
import { Slot } from "../ui/slot";
import { emailSlip } from "./email";
import { EmailField } from "./field";
import { SubmitButton } from "./submit-button";
import type { Ending, Submit } from "./use-submit";

interface EmailFormProps {
  submit: Submit;
  initial: string;
  emailTestId: string;
  submitTestId: string;
  label: string;
  hint: string;
  onEmail: (email: string) => Promise<Ending>;
}

/** One field and the button. */
export function EmailForm(props: EmailFormProps) {
  const { submit } = props;
  const [slip, setSlip] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const slotId = useId();

  function send(event: FormEvent) {
    event.preventDefault();
    const email = input.current?.value.trim() ?? "";
    const found = emailSlip(email);
    setSlip(found);
    if (found !== null) {
      input.current?.focus();
      return;
    }
    submit.run(() => props.onEmail(email));
  }

  return (
    <form method="post" noValidate onSubmit={send}>
      <EmailField
        ref={input}
        defaultValue={props.initial}
        autoComplete="email"
        data-testid={props.emailTestId}
        describedBy={slotId}
        invalid={slip !== null || submit.problem?.field === "email"}
        onInput={() => setSlip(null)}
      />
      <Slot id={slotId} testId="email-error" problem={submit.problem} slip={slip}>
        {props.hint}
      </Slot>
      <SubmitButton submit={submit} testId={props.submitTestId} label={props.label} busyLabel="Sending…" />
    </form>
  );
}
