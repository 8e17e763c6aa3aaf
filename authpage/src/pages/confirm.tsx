/** Confirm an e-mail address: hands the link's token to the server by POST, then goes on to choosing the password. */

import { useCallback, useEffect } from "react";
import { confirmEmail } from "../api/routes";
import { arrival, navigate } from "../navigation";
import { Frame } from "../ui/frame";
import { isLinkGone, LinkGone } from "../ui/link-gone";
import { Interrupted } from "../ui/stopped";
import { useLoad } from "../use-load";

export function Confirm() {
  const { token } = arrival();
  return token === undefined ? <LinkGone kind="sign-up" missing /> : <Confirming token={token} />;
}

function Confirming({ token }: { token: string }) {
  const [load, retry] = useLoad(useCallback(() => confirmEmail(token), [token]));

  useEffect(() => {
    if (load.state !== "ready") return;
    const { email, token: registration } = load.value;
    navigate("/register/", { replace: true, arrival: { email, token: registration } });
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
