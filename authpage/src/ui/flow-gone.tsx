/** Why an application's request cannot go on: it ended, it belongs to another browser, or it could not be read now. */

import type { Problem } from "../api/problem";
import { Link } from "../navigation";
import { Interrupted, Stopped } from "./stopped";

/** Says what `problem` means for the request, and what to do now. */
export function FlowGone({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  switch (problem.kind) {
    case "expired":
    case "not-found":
    case "invalid-request":
      return (
        <Stopped
          title="This sign-in has ended"
          actions={
            <Link className="button quiet" href="/account/">
              Go to your account
            </Link>
          }
        >
          <p>It was finished already, or it waited for longer than 15 minutes.</p>
          <p>
            Please go back to the application. If it does not know you yet, start again there: that takes one
            click where you are already signed in here.
          </p>
        </Stopped>
      );
    case "wrong-browser":
      return (
        <Stopped title="Begun in another browser">
          <p>This sign-in was begun in another browser or window, or this browser does not keep cookies.</p>
          <p>Please allow cookies for this site, go back to the application and start again there.</p>
        </Stopped>
      );
    default:
      return <Interrupted problem={problem} onRetry={onRetry} />;
  }
}
