/** Sign in, with or without an application that waits for it. */

import { type FormEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { type Problem, ProblemError, problemOf } from "../api/problem";
import { type Flow, readFlow } from "../api/routes";
import { prefetchOpaque, signIn } from "../crypto/opaque";
import { emailSlip } from "../forms/email";
import { EmailField } from "../forms/field";
import { PasswordField, type PasswordHandle } from "../forms/password-field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { arrival, Link, leaveTo, navigate, query } from "../navigation";
import { onboarding, takesApplications } from "../onboarding";
import { withFlow, withUserCode } from "../routes";
import { FlowGone } from "../ui/flow-gone";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { useLoad } from "../use-load";

const DONE = {
  registered: "Your account is ready. Sign in with your new password.",
  "password-changed": "Your password is changed. Sign in with the new one.",
  "address-changed": "Your address is changed. Sign in with the new one.",
  "account-deleted": "Your account is deleted.",
} as const;

/** Whether a finish that found nothing failed for the request's sake, or only because the login took too long. */
async function whyExpired(flowId: string | null): Promise<Problem> {
  if (flowId === null) return { kind: "too-slow" };
  return readFlow(flowId).then(() => ({ kind: "too-slow" }), problemOf);
}

export function SignIn() {
  const flowId = query("flow_id");
  const read = useCallback(
    async (): Promise<Flow | null> => (flowId === null ? null : readFlow(flowId)),
    [flowId],
  );
  const [load, retry] = useLoad(read);
  const [gone, setGone] = useState<Problem | null>(null);
  const flow = load.state === "ready" ? load.value : null;

  useEffect(() => {
    if (flow?.stage === "consent") navigate(withFlow("/consent/", flowId), { replace: true });
  }, [flow, flowId]);

  const problem = gone ?? (load.state === "failed" ? load.problem : null);
  if (problem !== null) {
    return (
      <FlowGone
        problem={problem}
        onRetry={() => {
          setGone(null);
          retry();
        }}
      />
    );
  }
  return <Form flowId={flowId} flow={flow} onGone={setGone} />;
}

interface FormProps {
  flowId: string | null;
  flow: Flow | null;
  onGone: (problem: Problem) => void;
}

function Form({ flowId, flow, onGone }: FormProps) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<{ field: "email" | "password"; words: string } | null>(null);
  const email = useRef<HTMLInputElement>(null);
  const password = useRef<PasswordHandle>(null);
  const slotId = useId();
  const { email: arrivedEmail, done, back } = arrival();
  const userCode = flowId === null ? query("user_code") : null;
  const known = flow?.signed_in_as ?? flow?.login_hint ?? "";

  useEffect(() => {
    const field = email.current;
    if (known === "" || field === null || field.value !== "") return;
    field.value = known;
    if (document.activeElement === field) password.current?.focus();
  }, [known]);

  async function attempt(address: string, secret: string) {
    try {
      const { next } = await signIn(address, secret, flowId);
      leaveTo(userCode === null ? (back ?? next) : withUserCode("/device/", userCode));
      return "leaves" as const;
    } catch (thrown) {
      if (problemOf(thrown).kind !== "expired") throw thrown;
      const why = await whyExpired(flowId);
      if (why.kind === "too-slow") throw new ProblemError(why);
      onGone(why);
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
    <Frame
      title="Sign in"
      lead={
        userCode !== null ? (
          "to connect a device"
        ) : flowId === null ? (
          "to your account"
        ) : flow === null ? null : (
          <>
            to go on to <strong>{flow.client.name}</strong>
          </>
        )
      }
      links={
        <>
          <Link href={withFlow("/forgot/", flowId)}>Forgotten password?</Link>
          {takesApplications(onboarding()) && (
            <Link href={withFlow("/signup/", flowId)}>Create an account</Link>
          )}
        </>
      }
    >
      {done !== undefined && <p className="done">{DONE[done]}</p>}
      <form method="post" noValidate onSubmit={send} onFocus={prefetchOpaque}>
        <EmailField
          ref={email}
          defaultValue={arrivedEmail ?? ""}
          autoComplete="username"
          data-testid="login-email"
          describedBy={slip?.field === "email" ? slotId : undefined}
          invalid={refused || slip?.field === "email"}
        />
        <PasswordField
          label="Password"
          handle={password}
          autoComplete="current-password"
          data-testid="login-password"
          describedBy={slip?.field === "password" ? slotId : undefined}
          invalid={refused || slip?.field === "password"}
        />
        <Slot id={slotId} testId="login-error" problem={submit.problem} slip={slip?.words ?? null}>
          Your password stays in this browser: it is never sent.
        </Slot>
        <SubmitButton submit={submit} testId="login-submit" label="Sign in" busyLabel="Signing in…" />
      </form>
    </Frame>
  );
}
