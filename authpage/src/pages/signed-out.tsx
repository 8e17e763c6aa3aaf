/** What is shown after signing out. */

import { Link } from "../navigation";
import { Frame } from "../ui/frame";

export function SignedOut() {
  return (
    <Frame title="You are signed out" lead="On a shared computer, close the browser's windows too.">
      <div className="actions">
        <Link className="button" href="/login/">
          Sign in again
        </Link>
      </div>
    </Frame>
  );
}
