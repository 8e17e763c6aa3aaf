/** Address and password, and what is done with them: signing in, or proving who asks for a change. */

import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { prefetchOpaque } from "../crypto/opaque";
import { Slot } from "../ui/slot";
import { emailSlip } from "./email";
import { EmailField } from "./field";
import { PasswordField, type PasswordHandle } from "./password-field";
import { SubmitButton } from "./submit-button";
import { type Ending, useSubmit } from "./use-submit";

interface CredentialsFormProps {
  /** The address to begin with; empty where the page does not know it. */
  email: string;
  /** An address that is known later, for a field that is still empty then. */
  known?: string;
  emailLabel?: string;
  /** What the names of its parts for tests begin with. */
  testId: string;
  label: string;
  busyLabel: string;
  /** What it is for cannot be undone. */
  danger?: boolean;
  hint: ReactNode;
  /** Gets what was typed, once both are there. */
  attempt: (address: string, password: string) => Promise<Ending>;
}

export function CredentialsForm({ known = "", testId, attempt, ...props }: CredentialsFormProps) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<{ field: "email" | "password"; words: string } | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<PasswordHandle>(null);
  const slotId = useId();

  useEffect(() => {
    const field = email.current;
    if (known === "" || field === null || field.value !== "") return;
    field.value = known;
    if (document.activeElement === field) password.current?.focus();
  }, [known]);

  function send(event: FormEvent) {
    event.preventDefault();
    const address = email.current?.value.trim() ?? "";
    const secret = password.current?.value() ?? "";
    const wrong = emailSlip(address);
    if (wrong !== null) {
      setSlip({ field: "email", words: wrong });
      email.current?.focus();
    } else if (secret === "") {
      setSlip({ field: "password", words: "Please enter your password." });
      password.current?.focus();
    } else {
      setSlip(null);
      password.current?.cover();
      submit.run(() => attempt(address, secret));
    }
  }

  const refused = submit.problem?.kind === "invalid-credentials";
  return (
    <form method="post" noValidate onSubmit={send} onFocus={prefetchOpaque}>
      <EmailField
        ref={email}
        {...(props.emailLabel === undefined ? {} : { label: props.emailLabel })}
        defaultValue={props.email}
        autoComplete="username"
        data-testid={`${testId}-email`}
        describedBy={slip?.field === "email" ? slotId : undefined}
        invalid={refused || slip?.field === "email"}
      />
      <PasswordField
        label="Password"
        handle={password}
        autoComplete="current-password"
        data-testid={`${testId}-password`}
        describedBy={slip?.field === "password" ? slotId : undefined}
        invalid={refused || slip?.field === "password"}
      />
      <Slot id={slotId} testId={`${testId}-error`} problem={submit.problem} slip={slip?.words ?? null}>
        {props.hint}
      </Slot>
      <SubmitButton
        submit={submit}
        danger={props.danger ?? false}
        testId={`${testId}-submit`}
        label={props.label}
        busyLabel={props.busyLabel}
      />
    </form>
  );
}
