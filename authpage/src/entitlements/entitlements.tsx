/** The account page's part about entitlements: the linked key, its plan, expiry and state. */

import { LoadedSection, type Part } from "../account/section";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { type Linked, unlink } from "./api";
import { LinkKey } from "./link-key";
import { planWords, stateWords } from "./words";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

export function Entitlements({ part }: { part: Part<{ linked: Linked | null }> }) {
  return (
    <LoadedSection
      part={part}
      title="Subscription"
      about="A subscription that you have in an application, linked here by its key."
      testId="entitlements"
    >
      {({ linked }) =>
        linked === null ? (
          <LinkKey onLinked={part.again} />
        ) : (
          <LinkedKey linked={linked} onUnlinked={part.again} />
        )
      }
    </LoadedSection>
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
      <dl className="facts labelled">
        <Fact name="Plan" testId="entitlements-plan">
          {pro ? planWords(pro.plan) : "None yet"}
        </Fact>
        {pro && (
          <>
            <Fact name="State" testId="entitlements-state">
              {stateWords(pro)}
            </Fact>
            <Fact name={pro.active ? "Until" : "Ended"} testId="entitlements-expiry">
              {DAY.format(pro.expires_at * 1000)}
            </Fact>
          </>
        )}
        <Fact name="Key" testId="entitlements-linked">
          {`${linked.master_pkey.slice(0, 8)}…${linked.master_pkey.slice(-8)}`}
        </Fact>
      </dl>
      {submit.problem !== null && (
        <Slot id="entitlements-slot" testId="entitlements-error" problem={submit.problem} />
      )}
      <div className="form-actions">
        <SubmitButton
          quiet
          small
          submit={submit}
          testId="entitlements-unlink"
          label="Unlink this key"
          busyLabel="Unlinking…"
          onClick={() => submit.run(take)}
        />
      </div>
    </>
  );
}

function Fact({ name, testId, children }: { name: string; testId: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{children}</dd>
    </div>
  );
}
