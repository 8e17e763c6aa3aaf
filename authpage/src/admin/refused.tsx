/** Why a part of the administration page shows nothing: nobody is signed in, the right is missing, or it failed. */

import { useEffect } from "react";
import type { Problem } from "../api/problem";
import { signOut } from "../api/routes";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Link, navigate } from "../navigation";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { Interrupted, Stopped } from "../ui/stopped";
import { pathOf } from "./paths";

const SIGNED_OUT = ["invalid-token", "invalid-credentials"];

/** Sends on to the sign-in page and back, or says what is wrong. */
export function Refused({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const signedOut = SIGNED_OUT.includes(problem.kind);
  useEffect(() => {
    if (!signedOut) return;
    const back = `${window.location.pathname}${window.location.search}`;
    navigate("/login/", { replace: true, arrival: { back } });
  }, [signedOut]);

  if (signedOut) return <Frame roomy title="Administration" pending />;
  if (problem.kind === "insufficient-scope") return <NoRight />;
  if (problem.kind === "not-found") return <NoMembers />;
  return <Interrupted problem={problem} onRetry={onRetry} />;
}

function NoRight() {
  const submit = useSubmit();

  async function switchAccount() {
    await signOut();
    navigate("/login/", { replace: true, arrival: { back: "/admin/" } });
    return "leaves" as const;
  }

  return (
    <Frame key="no-right" title="For administrators">
      <div className="prose" data-testid="admin-no-right">
        <p>You are signed in, but your account is not an administrator’s.</p>
        <p>If it should be, ask whoever runs this server: administrators are made on its command line.</p>
      </div>
      <Slot id="no-right-slot" testId="admin-error" problem={submit.problem} />
      <div className="actions pair">
        <Link className="button" href="/account/">
          Your account
        </Link>
        <SubmitButton
          quiet
          submit={submit}
          testId="admin-switch"
          label="Use another account"
          busyLabel="Signing out…"
          onClick={() => submit.run(switchAccount)}
        />
      </div>
    </Frame>
  );
}

/** The list itself is missing: this server was told to do without the members' part. */
function NoMembers() {
  return (
    <Stopped
      title="Not on this server"
      actions={
        <Link className="button" href={pathOf("clients")}>
          To the applications
        </Link>
      }
    >
      <p>
        This server runs without its members’ part, so people are looked after on its command line. The
        applications can be looked after here.
      </p>
    </Stopped>
  );
}
