/** The front door: who is signed in, or how to. */

import { AdminLink } from "../admin/admin-link";
import { readSession } from "../api/routes";
import { Link } from "../navigation";
import { onboarding, takesApplications } from "../onboarding";
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
            <AdminLink session={load.value} />
            <Link className="button quiet" href="/logout/">
              Sign out
            </Link>
          </>
        ) : (
          <>
            <Link className="button" href="/login/">
              Sign in
            </Link>
            {takesApplications(onboarding()) && (
              <Link className="button quiet" href="/signup/">
                Create an account
              </Link>
            )}
          </>
        )}
      </div>
    </Frame>
  );
}
