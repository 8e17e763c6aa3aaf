/** One person: what is known of them, their membership, their scopes, and whether they may sign in. */

import { type ReactNode, useCallback, useState } from "react";
import { Link, query } from "../navigation";
import { Stopped } from "../ui/stopped";
import { useLoad } from "../use-load";
import { type Person, readPerson } from "./api";
import { AdminFrame } from "./frame";
import { MailTrouble } from "./mail-trouble";
import { pathOf } from "./paths";
import { Access } from "./person-access";
import { Membership } from "./person-membership";
import { Scopes } from "./person-scopes";
import { Refused } from "./refused";
import { addressOf, dateOf, dayOf, nameOf } from "./words";

export function PersonPage() {
  const id = query("id") ?? "";
  const [load, retry] = useLoad(useCallback(() => readPerson(id), [id]));
  // What was read last stays while it is read anew.
  const [changed, setChanged] = useState<Person | null>(null);
  const [done, setDone] = useState<string | null>(null);

  if (load.state === "failed") {
    if (load.problem.kind === "not-found") return <Nobody />;
    return <Refused problem={load.problem} onRetry={retry} />;
  }
  const person = changed ?? (load.state === "ready" ? load.value : null);

  function change(after: Person, words: string) {
    setChanged(after);
    setDone(words);
  }

  return (
    <AdminFrame
      title={person === null ? "Person" : nameOf(person)}
      section="people"
      pending={person === null}
      done={done}
    >
      {person !== null && (
        <>
          {person.mail_trouble !== undefined && <MailTrouble reason={person.mail_trouble} />}
          <Facts person={person} />
          <Membership person={person} onChange={change} />
          <Scopes person={person} onChange={change} />
          <Access person={person} onChange={change} />
        </>
      )}
    </AdminFrame>
  );
}

/** How a part of the page tells what has become of the person, and says so. */
export type OnChange = (after: Person, words: string) => void;

function Nobody() {
  return (
    <Stopped
      title="There is no such person"
      actions={
        <Link className="button" href={pathOf("people")}>
          To the list of people
        </Link>
      }
    >
      <p>The account may have been deleted meanwhile.</p>
    </Stopped>
  );
}

function Facts({ person }: { person: Person }) {
  const lines = addressOf(person);
  return (
    <dl className="facts in-columns" data-testid="person-facts">
      <Fact name="E-mail address">{person.email}</Fact>
      <Fact name="Status">
        <span data-testid="person-status">{person.status === "active" ? "May sign in" : "Disabled"}</span>
      </Fact>
      <Fact name="Goes by">{person.call_name}</Fact>
      <Fact name="Phone number">{person.phone}</Fact>
      <Fact name="Date of birth">
        {person.birth_date !== undefined && (
          <>
            {dateOf(person.birth_date)}
            {person.age_privacy && <span className="quiet-words"> hidden from members</span>}
          </>
        )}
      </Fact>
      <Fact name="Education">{person.education}</Fact>
      <Fact name="Postal address">
        {lines.length > 0 && <span className="lines">{lines.join("\n")}</span>}
      </Fact>
      <Fact name="Account since">{dayOf(person.created_at)}</Fact>
      <Fact name="Account id">
        <code>{person.id}</code>
      </Fact>
    </dl>
  );
}

/** Nothing, where nothing is known. */
function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === undefined || children === false) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
