/** The front door: who is signed in, or how to. */

import { readSession } from "../api/routes";
import { Link } from "../navigation";
import { Frame } from "../ui/frame";
import { useLoad } from "../use-load";

export function Landing() {
  const [load] = useLoad(readSession);
  return (
    <Frame
      title={load.state === "ready" ? "You are signed in" : "One account, one sign-in"}
      lead={
        load.state === "ready" ? (
          <span className="address">as {load.value.email}</span>
        ) : (
          "Your password never leaves your browser."
        )
      }
    >
      <div className="actions" aria-busy={load.state === "loading"}>
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
