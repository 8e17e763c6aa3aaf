/** The form that asks for an e-mail address, and perhaps for a little more: sign-up and forgotten password. */

import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { Slot } from "../ui/slot";
import { emailSlip } from "./email";
import { EmailField } from "./field";
import { SubmitButton } from "./submit-button";
import type { Ending, Submit } from "./use-submit";
import { type Values, valuesOf } from "./values";

interface EmailFormProps {
  submit: Submit;
  initial: string;
  emailTestId: string;
  submitTestId: string;
  label: string;
  hint: string;
  /** Gets the address, and what the other fields hold. */
  onEmail: (email: string, more: Values) => Promise<Ending>;
  /** More fields, each with its `data-field`. */
  children?: ReactNode;
}

/** The field, what else is asked, and the button. */
export function EmailForm(props: EmailFormProps) {
  const { submit } = props;
  const [slip, setSlip] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const slotId = useId();

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const email = input.current?.value.trim() ?? "";
    const found = emailSlip(email);
    setSlip(found);
    if (found !== null) {
      input.current?.focus();
      return;
    }
    const more = valuesOf(event.currentTarget);
    submit.run(() => props.onEmail(email, more));
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
      {props.children}
      <Slot id={slotId} testId="email-error" problem={submit.problem} slip={slip}>
        {props.hint}
      </Slot>
      <SubmitButton submit={submit} testId={props.submitTestId} label={props.label} busyLabel="Sending…" />
    </form>
  );
}
