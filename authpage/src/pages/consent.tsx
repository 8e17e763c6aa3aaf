/** Consent: what an application asks for, and the answer to it. */

import { useCallback, useEffect, useState } from "react";
import { type Problem, ProblemError, problemOf } from "../api/problem";
import { decideConsent, type Flow, readFlow, signOut } from "../api/routes";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { leaveTo, leaveToApplication, navigate, query } from "../navigation";
import { withFlow } from "../routes";
import { scopeWords } from "../scopes";
import { FlowGone } from "../ui/flow-gone";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { useLoad } from "../use-load";

export function Consent() {
  const flowId = query("flow_id") ?? "";
  const [load, retry] = useLoad(useCallback(() => readFlow(flowId), [flowId]));
  const [gone, setGone] = useState<Problem | null>(null);
  const [left, setLeft] = useState<string | null>(null);
  const flow = load.state === "ready" ? load.value : null;

  useEffect(() => {
    if (flow?.stage === "login") navigate(withFlow("/login/", flowId), { replace: true });
  }, [flow, flowId]);

  const problem = gone ?? (load.state === "failed" ? load.problem : null);
  if (problem !== null) {
    return (
      <FlowGone
        problem={problem}
        onRetry={() => {
          setGone(null);
          retry();
        }}
      />
    );
  }
  if (left !== null) return <Left application={left} />;
  return <Question flowId={flowId} flow={flow} onGone={setGone} onLeft={setLeft} />;
}

interface QuestionProps {
  flowId: string;
  flow: Flow | null;
  onGone: (problem: Problem) => void;
  onLeft: (application: string) => void;
}

function Question({ flowId, flow, onGone, onLeft }: QuestionProps) {
  const allowing = useSubmit();
  const denying = useSubmit();
  const switching = useSubmit();
  const name = flow?.client.name ?? "";
  const busy = allowing.busy || denying.busy || switching.busy;

  async function decide(decision: "allow" | "deny") {
    try {
      const { next } = await decideConsent(flowId, decision);
      leaveToApplication(next);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind !== "expired") throw new ProblemError(problem);
      const gone = await readFlow(flowId).then(() => null, problemOf);
      if (gone !== null) {
        onGone(gone);
        return "stays" as const;
      }
      // The request still waits, but for whoever signed in here since, perhaps in another tab: it is looked at anew.
      leaveTo(withFlow("/oauth/callback/", flowId));
      return "leaves" as const;
    }
    // An app's own scheme leaves this page standing; a moment later it says so.
    setTimeout(() => onLeft(name), 3000);
    return "leaves" as const;
  }

  async function switchAccount() {
    await signOut();
    leaveTo(withFlow("/oauth/callback/", flowId));
    return "leaves" as const;
  }

  return (
    <Frame title="Allow access?" lead={<Asking flow={flow} />} pending={flow === null}>
      <div className="consent">
        <ul className="scopes">
          {flow?.scopes.map((scope) => (
            <li key={scope}>{scopeWords(scope) ?? <code>{scope}</code>}</li>
          ))}
        </ul>
        {flow?.signed_in_as && (
          <p className="who">
            Signed in as <strong className="address">{flow.signed_in_as}</strong>.{" "}
            <button className="inline" type="button" onClick={() => busy || switching.run(switchAccount)}>
              Not you?
            </button>
          </p>
        )}
      </div>
      <Slot
        id="consent-slot"
        testId="consent-error"
        problem={allowing.problem ?? denying.problem ?? switching.problem}
      >
        The application never gets your password.
      </Slot>
      <div className="actions pair">
        <SubmitButton
          submit={allowing}
          testId="consent-allow"
          label="Allow"
          busyLabel="Allowing…"
          onClick={() => flow === null || busy || allowing.run(() => decide("allow"))}
        />
        <SubmitButton
          quiet
          submit={denying}
          testId="consent-deny"
          label="Do not allow"
          busyLabel="Refusing…"
          onClick={() => flow === null || busy || denying.run(() => decide("deny"))}
        />
      </div>
    </Frame>
  );
}

/** Who asks: the name it gives itself, and the site that it was registered with. */
function Asking({ flow }: { flow: Flow | null }) {
  const site = flow === null ? null : siteOf(flow.client.uri);
  return (
    <>
      <strong>{flow?.client.name}</strong> would like to:
      {site !== null && <span className="site">{site}</span>}
    </>
  );
}

function siteOf(uri: string | null): string | null {
  return uri !== null && URL.canParse(uri) ? new URL(uri).host : null;
}

function Left({ application }: { application: string }) {
  return (
    <Frame key="left" title="Done here">
      <div className="prose">
        <p>
          You are on your way back to <strong>{application}</strong>. If it has not opened by itself, please
          go back to it. This page may be closed.
        </p>
      </div>
    </Frame>
  );
}
