/** Applications that may use this account, and the end of that. */

import { useRef, useState } from "react";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { scopeWords } from "../scopes";
import { Slot } from "../ui/slot";
import { type Application, endApplication } from "./api";
import { LoadedSection, Notice, type Part } from "./section";
import { moment } from "./times";

export function Applications({ part }: { part: Part<Application[]> }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [notice, setNotice] = useState<string | null>(null);

  function ended(name: string) {
    setNotice(`${name} is disconnected. It has to ask you again.`);
    heading.current?.focus();
    part.again();
  }

  return (
    <LoadedSection
      part={part}
      title="Applications"
      about="What you have signed in to with this account. None of them knows your password."
      testId="account-applications"
      heading={heading}
    >
      {(applications) => (
        <>
          <Notice testId="applications-notice">{notice}</Notice>
          {applications.length === 0 ? (
            <p className="nothing">No application is connected to your account.</p>
          ) : (
            <ul className="items">
              {applications.map((application) => (
                <Row key={application.client_id} application={application} onEnded={ended} />
              ))}
            </ul>
          )}
        </>
      )}
    </LoadedSection>
  );
}

function Row({ application, onEnded }: { application: Application; onEnded: (name: string) => void }) {
  const submit = useSubmit();
  const { client_id, name, scope, allowed_at, last_used_at } = application;
  const scopes = (scope ?? "").split(" ").filter(Boolean);
  const times = [
    allowed_at !== undefined && `Allowed ${moment(allowed_at)}`,
    last_used_at !== undefined && `Last used ${moment(last_used_at)}`,
  ].filter(Boolean);

  async function end() {
    await endApplication(client_id);
    onEnded(name);
    // The row goes with the next reading.
    return "leaves" as const;
  }

  return (
    <li className="item" data-testid="application">
      <div className="item-line">
        <div className="item-words">
          <p className="item-title">
            {name} <Site uri={application.client_uri} />
          </p>
          {times.length > 0 && <p className="item-more">{times.join(" · ")}</p>}
        </div>
        <SubmitButton
          quiet
          small
          submit={submit}
          testId="application-end"
          label="Disconnect"
          about={` ${name}`}
          busyLabel="Disconnecting…"
          onClick={() => submit.run(end)}
        />
      </div>
      {scopes.length > 0 && (
        <ul className="may" aria-label="It may">
          {scopes.map((one) => (
            <li key={one}>{scopeWords(one) ?? <code>{one}</code>}</li>
          ))}
        </ul>
      )}
      {submit.problem !== null && (
        <Slot id={`application-slot-${client_id}`} testId="application-error" problem={submit.problem} />
      )}
    </li>
  );
}

/** The site that it was registered with, as on the page that asked for consent. */
function Site({ uri }: { uri: string | null }) {
  if (uri === null || !URL.canParse(uri)) return null;
  return <span className="item-site">{new URL(uri).host}</span>;
}
