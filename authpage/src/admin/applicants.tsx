/** Who wants to join: those who wait for a decision, and those who have not registered yet. */

import { useCallback, useState } from "react";
import { useSubmit } from "../forms/use-submit";
import { Link, query } from "../navigation";
import { onboarding } from "../onboarding";
import { Question } from "../ui/question";
import { Slot } from "../ui/slot";
import { Admit } from "./admit";
import { type Applicant, readApplicants, resend, type Stage, withdraw } from "./api";
import { AdminFrame } from "./frame";
import { MailTrouble } from "./mail-trouble";
import { PagedList } from "./paged-list";
import { Refused } from "./refused";
import { usePages } from "./use-pages";
import { dateOf, dayOf, nameOf } from "./words";

type Asked = { what: "admit" | "withdraw"; applicant: Applicant };

export function Applicants() {
  const stage: Stage = query("stage") === "admitted" ? "admitted" : "waiting";
  const pages = usePages(useCallback((cursor) => readApplicants(stage, cursor), [stage]));
  const [asked, setAsked] = useState<Asked | null>(null);
  const [done, setDone] = useState<string | null>(null);
  const sending = useSubmit();

  if (pages.entries === null && pages.problem !== null) {
    return <Refused problem={pages.problem} onRetry={pages.again} />;
  }

  function finish(words: string) {
    setAsked(null);
    setDone(words);
    pages.again();
  }

  function ask(what: Asked["what"], applicant: Applicant) {
    setDone(null);
    setAsked({ what, applicant });
  }

  function sendAgain(applicant: Applicant) {
    setDone(null);
    sending.run(async () => {
      await resend(applicant.id);
      setDone(`The registration mail is on its way to ${applicant.email} again. The link before is void.`);
      return "stays";
    });
  }

  return (
    <AdminFrame
      title="Who wants to join"
      section="applicants"
      action={{ view: "invite", label: "Invite somebody" }}
      pending={pages.entries === null}
      done={done}
    >
      <Stages current={stage} />
      {sending.problem !== null && (
        <Slot id="applicants-slot" testId="applicants-failed" problem={sending.problem} />
      )}
      <PagedList
        pages={pages}
        testId="applicants"
        label={stage === "waiting" ? "Waiting for a decision" : "Not registered yet"}
        idOf={(applicant) => applicant.id}
        empty={<NobodyHere stage={stage} />}
        row={(applicant) => (
          <>
            <Description applicant={applicant} />
            <div className="row-actions">
              {stage === "waiting" ? (
                <button
                  className="button small"
                  type="button"
                  data-testid="applicant-admit"
                  onClick={() => ask("admit", applicant)}
                >
                  Admit
                  <Who applicant={applicant} />
                </button>
              ) : (
                <button
                  className="button small quiet"
                  type="button"
                  data-testid="applicant-resend"
                  aria-disabled={sending.busy}
                  onClick={() => sendAgain(applicant)}
                >
                  Send again
                  <Who applicant={applicant} />
                </button>
              )}
              <button
                className="button small quiet"
                type="button"
                data-testid="applicant-withdraw"
                onClick={() => ask("withdraw", applicant)}
              >
                {stage === "waiting" ? "Turn down" : "Withdraw"}
                <Who applicant={applicant} />
              </button>
            </div>
          </>
        )}
      />
      {asked?.what === "admit" && (
        <Admit
          applicant={asked.applicant}
          onDone={() =>
            finish(`${nameOf(asked.applicant)} is admitted: the registration mail is on its way.`)
          }
          onClose={() => setAsked(null)}
        />
      )}
      {asked?.what === "withdraw" && (
        <Withdraw
          applicant={asked.applicant}
          onDone={() => finish(`${nameOf(asked.applicant)} is off the list, and their links are void.`)}
          onClose={() => setAsked(null)}
        />
      )}
    </AdminFrame>
  );
}

/** Tells buttons of the same name apart, for those who hear them. */
function Who({ applicant }: { applicant: Applicant }) {
  return <span className="visually-hidden"> {nameOf(applicant)}</span>;
}

function Stages({ current }: { current: Stage }) {
  const tab = (stage: Stage, href: string, name: string) => (
    <Link href={href} aria-current={stage === current ? "true" : undefined} data-testid={`stage-${stage}`}>
      {name}
    </Link>
  );
  return (
    <div className="tabs">
      {tab("waiting", "/admin/", "Waiting")}
      {tab("admitted", "/admin/?stage=admitted", "Not registered yet")}
    </div>
  );
}

function Description({ applicant }: { applicant: Applicant }) {
  const name = nameOf(applicant);
  const said = [
    applicant.phone,
    applicant.membership_number && `No. ${applicant.membership_number}`,
    applicant.joined && `member since ${dateOf(applicant.joined)}`,
  ].filter((part) => part);
  return (
    <div className="row-main">
      <h2 className="address">{name}</h2>
      {name !== applicant.email && <p className="address">{applicant.email}</p>}
      {said.length > 0 && <p>{said.join(" · ")}</p>}
      <p className="quiet-words">
        {applicant.stage === "waiting" ? "Asked" : "Asked or invited"} on {dayOf(applicant.created_at)}, off
        the list on {dayOf(applicant.expires_at)}
      </p>
      {applicant.mail_trouble !== null && <MailTrouble reason={applicant.mail_trouble} />}
    </div>
  );
}

function NobodyHere({ stage }: { stage: Stage }) {
  if (stage === "admitted") return <p>Everybody who was admitted or invited has registered.</p>;
  if (onboarding() === "approval") return <p>Nobody waits. Whoever asks to join appears here.</p>;
  return <p>Nobody waits: on this server, nobody has to be approved.</p>;
}

function Withdraw({
  applicant,
  ...question
}: {
  applicant: Applicant;
  onDone: () => void;
  onClose: () => void;
}) {
  const waits = applicant.stage === "waiting";
  const name = nameOf(applicant);
  return (
    <Question
      title={waits ? `Turn down ${name}?` : `Withdraw the admission of ${name}?`}
      testId="withdraw"
      label={waits ? "Turn down" : "Withdraw"}
      busyLabel="One moment…"
      act={() => withdraw(applicant.id)}
      {...question}
    >
      <p>
        What is known of <span className="address">{applicant.email}</span> is forgotten, and links that were
        sent there stop working. No mail is sent about it.
      </p>
    </Question>
  );
}
