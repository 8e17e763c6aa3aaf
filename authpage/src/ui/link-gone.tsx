/** Why a mailed link does not work any more. */

import type { Problem } from "../api/problem";
import { Link } from "../navigation";
import { Stopped } from "./stopped";

/** Whether `problem` means that the link will never work, be it spent, expired or spoilt on its way. */
export function isLinkGone({ kind, field }: Problem): boolean {
  return kind === "expired" || (kind === "invalid-request" && (field === "token" || field === "flow_id"));
}

/** What a link was for; a registration's is sent by an administrator, so nobody can have another by themselves. */
type LinkKind = "sign-up" | "registration" | "reset";

/** Says so, and offers a new link of the same kind. */
export function LinkGone({ kind, missing }: { kind: LinkKind; missing?: boolean }) {
  return (
    <Stopped
      title={missing ? "This link is not complete" : "This link no longer works"}
      actions={
        <>
          {kind !== "registration" && (
            <Link className="button" href={kind === "reset" ? "/forgot/" : "/signup/"}>
              Send me a new link
            </Link>
          )}
          <Link className={kind === "registration" ? "button" : "button quiet"} href="/login/">
            Sign in
          </Link>
        </>
      }
    >
      {missing ? (
        <p>A part of it got lost on the way. Please open it from the mail once more, or copy it whole.</p>
      ) : (
        <p>It was used already, or it is too old. Each link works once.</p>
      )}
      {kind !== "reset" && <p>If you have chosen your password already, just sign in.</p>}
      {kind === "registration" && <p>An administrator can send you the mail again.</p>}
    </Stopped>
  );
}
