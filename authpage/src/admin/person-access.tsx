/** Whether a person may sign in. */

import { useState } from "react";
import { Question } from "../ui/question";
import { disable, enable, type Person } from "./api";
import type { OnChange } from "./person";
import { nameOf } from "./words";

export function Access({ person, onChange }: { person: Person; onChange: OnChange }) {
  const [asks, setAsks] = useState(false);
  const active = person.status === "active";
  const name = nameOf(person);
  return (
    <section className="part">
      <h2>Access</h2>
      <p className="hint">
        {active
          ? "A disabled account stays, with all that is known of the person, but nobody can sign in to it."
          : "Nobody can sign in to this account. Everything that it had been given has ended."}
      </p>
      <button
        className={active ? "button small quiet bad" : "button small"}
        type="button"
        data-testid={active ? "person-disable" : "person-enable"}
        onClick={() => setAsks(true)}
      >
        {active ? "Disable this account" : "Let them sign in again"}
      </button>
      {asks && active && (
        <Question
          title={`Disable the account of ${name}?`}
          testId="disable"
          label="Disable"
          busyLabel="Disabling…"
          act={() => disable(person.id)}
          onDone={() => {
            setAsks(false);
            onChange(
              { ...person, status: "disabled" },
              `${name} is signed out everywhere, and cannot sign in.`,
            );
          }}
          onClose={() => setAsks(false)}
        >
          <p>
            They are signed out everywhere at once. Applications lose what they were given, and links in mails
            stop working. You can let them sign in again later.
          </p>
        </Question>
      )}
      {asks && !active && (
        <Question
          title={`Let ${name} sign in again?`}
          testId="enable"
          harmless
          label="Let them in"
          busyLabel="One moment…"
          act={() => enable(person.id)}
          onDone={() => {
            setAsks(false);
            onChange({ ...person, status: "active" }, `${name} may sign in again.`);
          }}
          onClose={() => setAsks(false)}
        >
          <p>Their password still holds. What had ended stays ended: they sign in anew everywhere.</p>
        </Question>
      )}
    </section>
  );
}
