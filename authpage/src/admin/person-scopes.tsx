/** What a person may do: the scopes that they hold. */

import { type FormEvent, useRef, useState } from "react";
import { Field } from "../forms/field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { addScope, type Person, removeScope } from "./api";
import type { OnChange } from "./person";

/** These two are given and taken on the command line alone. */
const FIXED = ["member", "admin"];

export function Scopes({ person, onChange }: { person: Person; onChange: OnChange }) {
  const adding = useSubmit();
  const removing = useSubmit();
  const [slip, setSlip] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const busy = adding.busy || removing.busy;

  function send(event: FormEvent) {
    event.preventDefault();
    const field = input.current;
    const scope = field?.value.trim() ?? "";
    if (field === null || busy) return;
    setSlip(scope === "" ? "Please enter the scope to give." : null);
    if (scope === "") {
      field.focus();
      return;
    }
    adding.run(async () => {
      const { scopes } = await addScope(person.id, scope);
      field.value = "";
      onChange({ ...person, scopes }, `The scope ${scope} is given.`);
      return "stays";
    });
  }

  function take(scope: string) {
    removing.run(async () => {
      const { scopes } = await removeScope(person.id, scope);
      onChange({ ...person, scopes }, `The scope ${scope} is taken away.`);
      return "stays";
    });
  }

  return (
    <section className="part">
      <h2>Scopes</h2>
      {person.scopes.length === 0 ? (
        <p className="hint">None.</p>
      ) : (
        <ul className="chips" aria-label="Scopes" data-testid="person-scopes">
          {person.scopes.map((scope) => (
            <li className={scope === "admin" ? "chip strong" : "chip"} key={scope}>
              {scope}
              {!FIXED.includes(scope) && (
                <button
                  type="button"
                  aria-label={`Take ${scope} away`}
                  aria-disabled={busy}
                  data-testid={`scope-remove-${scope}`}
                  onClick={() => busy || take(scope)}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <form className="one-line" method="post" noValidate onSubmit={send}>
        <Field
          ref={input}
          type="text"
          label="Give a scope"
          autoComplete="off"
          maxLength={64}
          data-testid="scope-add"
          describedBy="scopes-slot"
          invalid={slip !== null || adding.problem !== null}
          onInput={() => setSlip(null)}
        />
        <SubmitButton quiet submit={adding} testId="scope-add-submit" label="Give" busyLabel="Giving…" />
      </form>
      <Slot id="scopes-slot" testId="scopes-error" problem={adding.problem ?? removing.problem} slip={slip}>
        The roles member and admin are given and taken on the server’s command line.
      </Slot>
    </section>
  );
}
