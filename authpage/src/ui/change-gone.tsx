/** Why a change of the account is not made: what it was begun with is over, or the rules are against it. */

import type { Problem } from "../api/problem";
import { Link } from "../navigation";
import { wholeSentence } from "../words";
import { isLinkGone } from "./link-gone";
import { Stopped } from "./stopped";

/** What ends a change for good. Anything else is said in the form, where it can be tried again. */
export function endsChange(problem: Problem): boolean {
  return isLinkGone(problem) || problem.kind === "conflict";
}

/** Says so; `problem` is `null` where a part of the link got lost. */
export function ChangeGone({ problem }: { problem: Problem | null }) {
  const actions = (
    <Link className="button" href="/account/">
      Go to your account
    </Link>
  );
  if (problem === null) {
    return (
      <Stopped title="This link is not complete" actions={actions}>
        <p>A part of it got lost on the way. Please open it from the mail once more, or copy it whole.</p>
      </Stopped>
    );
  }
  if (problem.kind === "conflict") {
    return (
      <Stopped title="Nothing was changed" actions={actions}>
        <p>{wholeSentence(problem.detail ?? "this cannot be done as things are")}</p>
      </Stopped>
    );
  }
  return (
    <Stopped title="This link no longer works" actions={actions}>
      <p>It was used already, or it is too old. Each link works once.</p>
      <p>Your account page shows how things are now. The change can be begun there anew.</p>
    </Stopped>
  );
}
