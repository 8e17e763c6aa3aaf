/** The account page: who is signed in, and the way out. */

import { useEffect } from "react";
import { readSession, type Session, signOut } from "../api/routes";
import { Entitlements } from "../entitlements/entitlements";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { leaveTo, navigate } from "../navigation";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { Interrupted } from "../ui/stopped";
import { useLoad } from "../use-load";

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

export function Account() {
  const [load, retry] = useLoad(readSession);
  const nobody = load.state === "failed" && load.problem.kind === "invalid-credentials";

  useEffect(() => {
    if (nobody) navigate("/login/", { replace: true });
  }, [nobody]);

  if (load.state === "failed" && !nobody) return <Interrupted problem={load.problem} onRetry={retry} />;
  return <Card session={load.state === "ready" ? load.value : null} />;
}

function Card({ session }: { session: Session | null }) {
  const submit = useSubmit();

  async function leave() {
    const { next } = await signOut();
    leaveTo(next);
    return "leaves" as const;
  }

  return (
    <Frame title="Your account" pending={session === null}>
      <dl className="facts">
        <dt>Signed in as</dt>
        <dd className="address" data-testid="account-email">
          {session?.email}
        </dd>
        <dt>Since</dt>
        <dd>{session && TIME.format(session.authenticated_at)}</dd>
      </dl>
      {session && <Entitlements />}
      <Slot id="account-slot" testId="account-error" problem={submit.problem} />
      <SubmitButton
        quiet
        submit={submit}
        testId="account-signout"
        label="Sign out"
        busyLabel="Signing out…"
        onClick={() => submit.run(leave)}
      />
    </Frame>
  );
}
