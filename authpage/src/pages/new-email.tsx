/**
 * Where the mailed link of a change of address leads to. One form, two steps: a login at the old address, made for this
 * change, and the registration of the same password at the new one, for a record opens at one address alone.
 */

import { useState } from "react";
import type { Problem } from "../api/problem";
import { readSession } from "../api/routes";
import { moveAddress } from "../crypto/opaque";
import { ProveForm } from "../forms/prove-form";
import { arrival, Link, navigate } from "../navigation";
import { ChangeGone } from "../ui/change-gone";
import { Frame } from "../ui/frame";
import { useLoad } from "../use-load";

const TITLE = "Confirm your new address";
const LEAD = "One more sign-in, with the old one.";

export function NewEmail() {
  const { token, done, email = "" } = arrival();
  if (done === "address-changed") return <Moved email={email} />;
  return token === undefined ? <ChangeGone problem={null} /> : <Moving flowId={token} />;
}

function Moving({ flowId }: { flowId: string }) {
  const [session] = useLoad(readSession);
  const [gone, setGone] = useState<Problem | null>(null);

  async function move(password: string) {
    const email = await moveAddress(flowId, password);
    navigate("/email/", { replace: true, arrival: { done: "address-changed", email } });
    return "leaves" as const;
  }

  if (gone !== null) return <ChangeGone problem={gone} />;
  if (session.state === "loading") return <Frame key="pending" pending title={TITLE} lead={LEAD} />;
  return (
    <Frame key="form" title={TITLE} lead={LEAD}>
      <div className="prose">
        <p>
          Sign in with the address that your account has now. Your password stays the same, and counts for the
          new address from then on.
        </p>
      </div>
      <ProveForm
        flowId={flowId}
        email={session.state === "ready" ? session.value.email : ""}
        emailLabel="Old e-mail address"
        testId="move"
        label="Change my address"
        busyLabel="Changing your address…"
        hint="Everything else that is signed in will be signed out, and the old address is told."
        onProven={move}
        onGone={setGone}
      />
    </Frame>
  );
}

function Moved({ email }: { email: string }) {
  return (
    <Frame key="moved" title="Your address is changed">
      <div className="prose" data-testid="moved">
        <p>
          From now on you sign in with <strong className="address">{email}</strong> and the password that you
          have.
        </p>
        <p>You stay signed in here. Everything else is signed out.</p>
      </div>
      <div className="actions">
        <Link className="button" href="/account/">
          Go to your account
        </Link>
      </div>
    </Frame>
  );
}
