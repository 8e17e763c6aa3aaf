/** The account page's part about entitlements: the linked key, its plan, expiry and state. */

import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { useLoad } from "../use-load";
import { type Linked, readEntitlements, unlink } from "./api";
import { LinkKey } from "./link-key";
import { planWords, stateWords } from "./words";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Nothing, where the server does not deal in entitlements. */
export function Entitlements() {
  const [load, again] = useLoad(readEntitlements);
  if (load.state !== "ready") return null;
  const { linked } = load.value;
  return (
    <section className="entitlements" data-testid="entitlements">
      <h2>Subscription</h2>
      {linked === null ? <LinkKey onLinked={again} /> : <LinkedKey linked={linked} onUnlinked={again} />}
    </section>
  );
}

function LinkedKey({ linked, onUnlinked }: { linked: Linked; onUnlinked: () => void }) {
  const submit = useSubmit();
  const { pro } = linked.entitlements;

  async function take() {
    await unlink();
    onUnlinked();
    return "stays" as const;
  }

  return (
    <>
      <dl className="facts">
        {pro ? (
          <>
            <dt>Plan</dt>
            <dd data-testid="entitlements-plan">{planWords(pro.plan)}</dd>
            <dt>State</dt>
            <dd data-testid="entitlements-state">{stateWords(pro)}</dd>
            <dt>{pro.active ? "Until" : "Ended"}</dt>
            <dd data-testid="entitlements-expiry">{DAY.format(pro.expires_at * 1000)}</dd>
          </>
        ) : (
          <>
            <dt>Plan</dt>
            <dd data-testid="entitlements-plan">None yet</dd>
          </>
        )}
        <dt>Key</dt>
        <dd className="address">{`${linked.master_pkey.slice(0, 8)}…${linked.master_pkey.slice(-8)}`}</dd>
      </dl>
      <Slot id="entitlements-slot" testId="entitlements-error" problem={submit.problem} />
      <SubmitButton
        quiet
        submit={submit}
        testId="entitlements-unlink"
        label="Unlink this key"
        busyLabel="Unlinking…"
        onClick={() => submit.run(take)}
      />
    </>
  );
}
