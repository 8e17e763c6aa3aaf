/** Confirm an e-mail address: hands the link's token to the server by POST, then goes on to choosing the password, or waits. */

import { useCallback, useEffect } from "react";
import { confirmEmail } from "../api/routes";
import { arrival, navigate } from "../navigation";
import { Frame } from "../ui/frame";
import { isLinkGone, LinkGone } from "../ui/link-gone";
import { Interrupted } from "../ui/stopped";
import { useLoad } from "../use-load";

export function Confirm() {
  const { token, waits, email = "" } = arrival();
  if (waits) return <Waits email={email} />;
  return token === undefined ? <LinkGone kind="sign-up" missing /> : <Confirming token={token} />;
}

function Confirming({ token }: { token: string }) {
  const [load, retry] = useLoad(useCallback(() => confirmEmail(token), [token]));

  useEffect(() => {
    if (load.state !== "ready") return;
    const { email } = load.value;
    if (load.value.next === "register") {
      navigate("/register/", { replace: true, arrival: { email, token: load.value.token } });
    } else {
      navigate("/confirm/", { replace: true, arrival: { email, waits: true } });
    }
  }, [load]);

  if (load.state === "failed") {
    if (isLinkGone(load.problem)) return <LinkGone kind="sign-up" />;
    return <Interrupted problem={load.problem} onRetry={retry} />;
  }
  return (
    <Frame key="confirming" title="Confirming your address" lead="One moment…">
      <div className="waiting" role="status">
        <span className="spinner" aria-hidden="true" />
        <span className="visually-hidden">Confirming your e-mail address</span>
      </div>
    </Frame>
  );
}

/** What happens next is not in this person's hands. */
function Waits({ email }: { email: string }) {
  return (
    <Frame key="waits" title="Your request is in" lead="Your address is confirmed.">
      <div className="prose" data-testid="signup-waits">
        <p>An administrator looks at it now. That may take a few days.</p>
        <p>
          Once you are admitted, a mail comes to <strong className="address">{email}</strong> with a link to
          choose your password. Until then there is nothing to do, and this page may be closed.
        </p>
      </div>
    </Frame>
  );
}
