/** The front door: who is signed in, or how to. */

import { readSession } from "../api/routes";
import { Link } from "../navigation";
import { Frame } from "../ui/frame";
import { useLoad } from "../use-load";

export function Landing() {
  const [load] = useLoad(readSession);
  return (
    <Frame
      title="One account, one sign-in"
      pending={load.state === "loading"}
      lead={
        load.state === "ready" ? (
          <>
            You are signed in as <strong className="address">{load.value.email}</strong>
          </>
        ) : (
          "Your password never leaves your browser."
        )
      }
    >
      <div className="actions">
        {load.state === "ready" ? (
          <>
            <Link className="button" href="/account/">
              Your account
            </Link>
            <Link className="button quiet" href="/logout/">
              Sign out
            </Link>
          </>
        ) : (
          <>
            <Link className="button" href="/login/">
              Sign in
            </Link>
            <Link className="button quiet" href="/signup/">
              Create an account
            </Link>
          </>
        )}
      </div>
    </Frame>
  );
}
