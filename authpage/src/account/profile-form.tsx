/** The form in which a person changes their details. The server judges every entry; what it refuses is said at its field. */

import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { problemOf } from "../api/problem";
import { Check } from "../forms/check";
import { CheckedField } from "../forms/checked-field";
import { ErrorSummary, type FieldError } from "../forms/error-summary";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { type Profile, saveProfile } from "./api";
import {
  changesOf,
  type Entry,
  FIELDS,
  type FieldName,
  isField,
  languages,
  type Values,
  wrongWith,
} from "./profile-fields";

const GROUPS: readonly { title: string; fields: readonly FieldName[] }[] = [
  { title: "Name and phone", fields: ["given_name", "family_name", "call_name", "phone"] },
  { title: "Birth and education", fields: ["birth_date", "education"] },
  { title: "Address", fields: ["street_address", "postal_code", "locality", "region", "country"] },
];

interface ProfileFormProps {
  profile: Profile;
  /** Gets the profile as it is now, or `null` where there was nothing to save. */
  onSaved: (profile: Profile | null) => void;
  onCancel: () => void;
}

export function ProfileForm({ profile, onSaved, onCancel }: ProfileFormProps) {
  const submit = useSubmit();
  const [errors, setErrors] = useState<readonly (FieldError & { name: FieldName })[]>([]);
  const fields = useRef(new Map<Entry, HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>());
  const privacy = useRef<HTMLInputElement>(null);
  const id = useId();
  const language = profile.locale ?? "";

  useEffect(() => fields.current.get("given_name")?.focus(), []);

  const take =
    (name: Entry) => (element: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement | null) => {
      if (element !== null) fields.current.set(name, element);
    };
  const wrong = (name: FieldName, words: string) => ({
    id: `${id}-${name}`,
    name,
    label: FIELDS[name].label,
    words,
  });

  function send(event: FormEvent) {
    event.preventDefault();
    if (submit.busy) return;
    // A day that does not exist counts as empty for the browser: it would be taken out unsaid.
    if (fields.current.get("birth_date")?.validity.badInput) {
      setErrors([wrong("birth_date", "There is no such day.")]);
      return;
    }
    const values = { age_privacy: privacy.current?.checked ?? false } as Values;
    for (const [name, field] of fields.current) values[name] = field.value;
    const edit = changesOf(profile, values);
    if (Object.keys(edit).length === 0) {
      onSaved(null);
      return;
    }
    submit.run(async () => {
      try {
        onSaved(await saveProfile(edit));
      } catch (thrown) {
        const { kind, field, detail } = problemOf(thrown);
        if (kind !== "invalid-request" || !isField(field)) throw thrown;
        setErrors([wrong(field, wrongWith(detail))]);
      }
      return "stays";
    });
  }

  return (
    <form method="post" noValidate onSubmit={send} data-testid="profile-form">
      <ErrorSummary errors={errors} testId="profile-errors" />
      {GROUPS.map(({ title, fields: names }) => (
        <fieldset className="group" key={title}>
          <legend>{title}</legend>
          <div className="halves">
            {names.map((name) => {
              const { label, autoComplete, type, hint, lines, half } = FIELDS[name];
              return (
                <CheckedField
                  key={name}
                  id={`${id}-${name}`}
                  label={label}
                  hint={hint}
                  lines={lines}
                  half={half}
                  autoComplete={autoComplete}
                  {...(lines ? {} : { type: type ?? "text" })}
                  {...(type === "date" ? { min: "1900-01-01" } : {})}
                  defaultValue={profile[name] ?? ""}
                  error={errors.find((error) => error.name === name)?.words}
                  data-testid={`profile-${name.replaceAll("_", "-")}`}
                  take={take(name)}
                />
              );
            })}
          </div>
          {names.includes("birth_date") && (
            <Check
              label="Hide my age and birthday from other members"
              ref={privacy}
              defaultChecked={profile.age_privacy}
              data-testid="profile-age-privacy"
            />
          )}
        </fieldset>
      ))}
      <fieldset className="group">
        <legend>Mails</legend>
        <div className="field">
          <label htmlFor={`${id}-locale`}>Language</label>
          <div className="input">
            <select
              id={`${id}-locale`}
              ref={take("locale")}
              defaultValue={language}
              data-testid="profile-locale"
            >
              <option value="">That of my browser</option>
              {languages(language).map(([tag, name]) => (
                <option key={tag} value={tag}>
                  {name}
                </option>
              ))}
            </select>
          </div>
        </div>
      </fieldset>
      {submit.problem !== null && <Slot id={`${id}-slot`} testId="profile-error" problem={submit.problem} />}
      <div className="form-actions">
        <SubmitButton small submit={submit} testId="profile-save" label="Save" busyLabel="Saving…" />
        <button
          className="button quiet small"
          type="button"
          data-testid="profile-cancel"
          onClick={() => submit.busy || onCancel()}
        >
          Cancel
        </button>
      </div>
    </form>
  );
}
