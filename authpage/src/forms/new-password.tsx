/** The form in which a password is chosen: for a new account and for a reset. */

import { type FormEvent, type ReactNode, useId, useRef, useState } from "react";
import { ProblemError } from "../api/problem";
import { prefetchOpaque } from "../crypto/opaque";
import { adviceFor, Meter } from "../password/meter";
import { prefetchJudge, useStrength } from "../password/use-strength";
import { Slot } from "../ui/slot";
import { EmailField } from "./field";
import { PasswordField, type PasswordHandle } from "./password-field";
import { SubmitButton } from "./submit-button";
import type { Ending, Submit } from "./use-submit";
import { type Values, valuesOf } from "./values";

interface NewPasswordProps {
  submit: Submit;
  /** The address that the password is for; empty where the page does not know it. */
  email: string;
  passwordTestId: string;
  submitTestId: string;
  label: string;
  busyLabel: string;
  /** Gets a password that may be used, and what the other fields hold. */
  onChosen: (password: string, more: Values) => Promise<Ending>;
  /** More fields, each with its `data-field`. */
  children?: ReactNode;
}

/** The field, its meter, what else is asked, and the button. */
export function NewPassword(props: NewPasswordProps) {
  const { submit, email } = props;
  const [length, setLength] = useState(0);
  const [slip, setSlip] = useState<string | null>(null);
  const password = useRef<PasswordHandle>(null);
  const { strength, judge } = useStrength(email);
  const meterId = useId();
  const slotId = useId();

  function prefetch() {
    prefetchJudge();
    prefetchOpaque();
  }

  function typed(value: string) {
    setLength(value.length);
    setSlip(null);
    // A judgement that cannot be loaded now is asked for again, and its failure told, when the form is sent.
    judge(value).catch(() => undefined);
  }

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const more = valuesOf(event.currentTarget);
    submit.run(async () => {
      const value = password.current?.value() ?? "";
      const judged = await judge(value).catch(() => {
        throw new ProblemError({ kind: "not-loaded" });
      });
      if (judged.score === 0) {
        setSlip(`Please choose another password. ${adviceFor(judged)}`);
        password.current?.focus();
        return "stays";
      }
      password.current?.cover();
      return props.onChosen(value, more);
    });
  }

  return (
    <form method="post" noValidate onSubmit={send}>
      {email === "" ? null : (
        <EmailField label="Account" defaultValue={email} readOnly autoComplete="username" />
      )}
      <PasswordField
        label="New password"
        autoComplete="new-password"
        handle={password}
        data-testid={props.passwordTestId}
        describedBy={slip === null ? meterId : slotId}
        invalid={slip !== null}
        onFocus={prefetch}
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <Meter id={meterId} length={length} strength={strength} />
      {props.children}
      <Slot id={slotId} testId="register-error" problem={submit.problem} slip={slip}>
        Your password stays in this browser. The server never sees it and cannot tell anyone what it is.
      </Slot>
      <SubmitButton
        submit={submit}
        testId={props.submitTestId}
        label={props.label}
        busyLabel={props.busyLabel}
      />
    </form>
  );
}
