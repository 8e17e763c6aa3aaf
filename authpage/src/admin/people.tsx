/** Everybody who has an account, searched as one types. */

import { useCallback, useEffect, useId, useRef, useState } from "react";
import { Field } from "../forms/field";
import { arrival, keep, Link } from "../navigation";
import { type Person, readPeople } from "./api";
import { AdminFrame } from "./frame";
import { PagedList } from "./paged-list";
import { pathOf } from "./paths";
import { Refused } from "./refused";
import { usePages } from "./use-pages";
import { nameOf } from "./words";

/** A pause in typing after which is searched. */
const PAUSE_MS = 250;

export function People() {
  const [question, setQuestion] = useState(() => arrival().search ?? "");
  const pages = usePages(useCallback((cursor) => readPeople(question, cursor), [question]));

  if (pages.entries === null && pages.problem !== null) {
    return <Refused problem={pages.problem} onRetry={pages.again} />;
  }
  return (
    <AdminFrame title="People" section="people" pending={pages.entries === null}>
      <Search initial={question} onQuestion={setQuestion} />
      <PagedList
        pages={pages}
        testId="people"
        label="People"
        idOf={(person) => person.id}
        empty={<p>{question === "" ? "Nobody has an account yet." : "Nobody is found by that."}</p>}
        row={(person) => <Row person={person} />}
      />
      <Count found={pages.entries?.length ?? 0} hasMore={pages.hasMore} question={question} />
    </AdminFrame>
  );
}

function Search({ initial, onQuestion }: { initial: string; onQuestion: (question: string) => void }) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const hintId = useId();
  useEffect(() => () => clearTimeout(timer.current), []);

  function typed(text: string) {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const question = text.trim();
      // Kept for the way back from a person, in the history alone: names do not belong in addresses.
      keep({ search: question });
      onQuestion(question);
    }, PAUSE_MS);
  }

  return (
    <search className="search">
      <Field
        type="search"
        label="Search"
        defaultValue={initial}
        autoComplete="off"
        maxLength={200}
        data-testid="people-search"
        describedBy={hintId}
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <p className="hint" id={hintId}>
        The beginning of a name, an address or a membership number.
      </p>
    </search>
  );
}

function Row({ person }: { person: Person }) {
  const name = nameOf(person);
  return (
    <Link className="row-link" href={pathOf("person", person.id)} data-testid="person">
      <span className="row-main">
        <strong className="address">{name}</strong>
        {name !== person.email && <span className="address">{person.email}</span>}
      </span>
      <span className="chips">
        {person.membership_number !== undefined && (
          <span className="chip">No. {person.membership_number}</span>
        )}
        {person.scopes.map((scope) => (
          <span className={scope === "admin" ? "chip strong" : "chip"} key={scope}>
            {scope}
          </span>
        ))}
        {person.status === "disabled" && <span className="chip bad">disabled</span>}
        {person.mail_trouble !== undefined && <span className="chip bad">mail refused</span>}
      </span>
    </Link>
  );
}

/** Says to those who do not see the list what a search found. */
function Count({ found, hasMore, question }: { found: number; hasMore: boolean; question: string }) {
  const people = found === 1 ? "1 person" : `${found} people`;
  return (
    <p className="visually-hidden" role="status" data-testid="people-count">
      {question === "" ? "" : hasMore ? `The first ${people} found` : `${people} found`}
    </p>
  );
}
