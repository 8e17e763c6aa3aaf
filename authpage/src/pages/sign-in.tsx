/** Sign in, with or without an application that waits for it. */

import { useCallback, useEffect, useState } from "react";
import { type Problem, ProblemError, problemOf } from "../api/problem";
import { type Flow, readFlow } from "../api/routes";
import { signIn } from "../crypto/opaque";
import { CredentialsForm } from "../forms/credentials-form";
import { arrival, Link, leaveTo, navigate, query } from "../navigation";
import { onboarding, takesApplications } from "../onboarding";
import { withFlow, withUserCode } from "../routes";
import { FlowGone } from "../ui/flow-gone";
import { Frame } from "../ui/frame";
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
  const { email: arrivedEmail, done, back } = arrival();
  const userCode = flowId === null ? query("user_code") : null;
  const known = flow?.signed_in_as ?? flow?.login_hint ?? "";

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
      <CredentialsForm
        email={arrivedEmail ?? ""}
        known={known}
        testId="login"
        label="Sign in"
        busyLabel="Signing in…"
        hint="Your password stays in this browser: it is never sent."
        attempt={attempt}
      />
    </Frame>
  );
}
