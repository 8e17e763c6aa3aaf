/** A login made for one change of the account: the address, the password, and then the change itself. */

import { type FormEvent, useId, useRef, useState } from "react";
import { type Problem, ProblemError, problemOf } from "../api/problem";
import { prefetchOpaque, signIn } from "../crypto/opaque";
import { endsChange } from "../ui/change-gone";
import { Slot } from "../ui/slot";
import { emailSlip } from "./email";
import { EmailField } from "./field";
import { PasswordField, type PasswordHandle } from "./password-field";
import { SubmitButton } from "./submit-button";
import { type Ending, useSubmit } from "./use-submit";

interface ProveFormProps {
  /** What the login is made for. */
  flowId: string;
  /** The address to fill in; empty where the page does not know it. */
  email: string;
  emailLabel: string;
  /** What the names of its parts for tests begin with. */
  testId: string;
  label: string;
  busyLabel: string;
  /** What it is for cannot be undone. */
  danger?: boolean;
  hint: string;
  /** Makes the change, with the password that was right. */
  onProven: (password: string) => Promise<Ending>;
  /** Gets what ends it for good. */
  onGone: (problem: Problem) => void;
}

export function ProveForm(props: ProveFormProps) {
  const { flowId, testId } = props;
  const submit = useSubmit();
  const [slip, setSlip] = useState<{ field: "email" | "password"; words: string } | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<PasswordHandle>(null);
  const slotId = useId();

  async function attempt(address: string, secret: string) {
    try {
      await signIn(address, secret, flowId).catch((thrown: unknown) => {
        // What has expired here is the login, not what it is for.
        throw problemOf(thrown).kind === "expired" ? new ProblemError({ kind: "too-slow" }) : thrown;
      });
      return await props.onProven(secret);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!endsChange(problem)) throw thrown;
      props.onGone(problem);
      return "stays" as const;
    }
  }

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
        label={props.emailLabel}
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
