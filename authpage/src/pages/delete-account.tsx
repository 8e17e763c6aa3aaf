/** The end of an account: what goes, what stays, and a login made for it. */

import { useCallback, useState } from "react";
import type { Problem } from "../api/problem";
import { deleteAccount, readSession } from "../api/routes";
import { readEntitlements } from "../entitlements/api";
import { ProveForm } from "../forms/prove-form";
import { arrival, Link, navigate } from "../navigation";
import { ChangeGone } from "../ui/change-gone";
import { Frame } from "../ui/frame";
import { useLoad } from "../use-load";

const TITLE = "Delete your account?";
const LEAD = "This cannot be undone.";

export function DeleteAccount() {
  const { token, done } = arrival();
  if (done === "account-deleted") return <Deleted />;
  return token === undefined ? <ChangeGone problem={null} /> : <Deleting flowId={token} />;
}

/** What the page says more where it can: whose account it is, and whether a subscription is linked to it. */
async function readOwner(): Promise<{ email: string; subscribed: boolean }> {
  const [session, subscription] = await Promise.allSettled([readSession(), readEntitlements()]);
  return {
    email: session.status === "fulfilled" ? session.value.email : "",
    subscribed: subscription.status === "fulfilled" && subscription.value.linked !== null,
  };
}

function Deleting({ flowId }: { flowId: string }) {
  const [owner] = useLoad(useCallback(readOwner, []));
  const [gone, setGone] = useState<Problem | null>(null);

  async function remove() {
    await deleteAccount(flowId);
    navigate("/account/delete/", { replace: true, arrival: { done: "account-deleted" } });
    return "leaves" as const;
  }

  if (gone !== null) return <ChangeGone problem={gone} />;
  if (owner.state !== "ready") return <Frame key="pending" pending title={TITLE} lead={LEAD} />;
  return (
    <Frame key="form" title={TITLE} lead={LEAD} links={<Link href="/account/">Keep my account</Link>}>
      <Consequences subscribed={owner.value.subscribed} />
      <ProveForm
        danger
        flowId={flowId}
        email={owner.value.email}
        emailLabel="E-mail address"
        testId="delete"
        label="Delete my account"
        busyLabel="Deleting your account…"
        hint="Your password shows that it is you. It stays in this browser."
        onProven={remove}
        onGone={setGone}
      />
    </Frame>
  );
}

function Consequences({ subscribed }: { subscribed: boolean }) {
  return (
    <div className="consequences">
      <h2>What goes at once</h2>
      <ul className="plain">
        <li>your address, your password and all that you said about yourself</li>
        <li>your membership and every right that you were given</li>
        <li>every sign-in, on all devices and in all applications</li>
        {subscribed && <li>the link from your account to your subscription</li>}
      </ul>
      <h2>What stays</h2>
      <ul className="plain">
        <li>what applications have kept about you themselves: please ask them</li>
        <li>what whoever runs this server has to keep by law, outside of it</li>
        {subscribed && <li>the subscription: it belongs to the key that paid for it</li>}
      </ul>
    </div>
  );
}

function Deleted() {
  return (
    <Frame key="deleted" title="Your account is deleted">
      <div className="prose" data-testid="deleted">
        <p>You are signed out everywhere. A last mail to your address confirms it.</p>
        <p>If you ever want to come back, your address can sign up anew.</p>
      </div>
      <div className="actions">
        <Link className="button quiet" href="/">
          To the front page
        </Link>
      </div>
    </Frame>
  );
}
