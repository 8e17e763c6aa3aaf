/** The entries of a profile: what they are called, how they are asked for, and what is wrong with them. */

import { wholeSentence } from "../words";
import type { Profile, ProfileEdit } from "./api";

/** The entries that are text, by their names on the wire. */
export type Entry =
  | "given_name"
  | "family_name"
  | "call_name"
  | "phone"
  | "birth_date"
  | "education"
  | "street_address"
  | "postal_code"
  | "locality"
  | "region"
  | "country"
  | "locale";

/** How one of them is asked for. */
export interface FieldKind {
  label: string;
  autoComplete: string;
  type?: "text" | "tel" | "date";
  /** A word of help below the field. */
  hint?: string;
  /** Has several lines. */
  lines?: boolean;
  /** Takes half of a line where there is room. */
  half?: boolean;
}

/** All that have a field of their own; the language is chosen from a list. */
export const FIELDS: Readonly<Record<Exclude<Entry, "locale">, FieldKind>> = {
  given_name: { label: "First name", autoComplete: "given-name", half: true },
  family_name: { label: "Last name", autoComplete: "family-name", half: true },
  call_name: { label: "What people call you", autoComplete: "nickname" },
  phone: {
    label: "Phone number",
    autoComplete: "tel",
    type: "tel",
    hint: "With + and the country code in front, for example +31 6 12345678.",
  },
  birth_date: { label: "Date of birth", autoComplete: "bday", type: "date" },
  education: { label: "Education", autoComplete: "off", hint: "What you study, or have studied." },
  street_address: { label: "Street and number", autoComplete: "street-address", lines: true },
  postal_code: { label: "Postal code", autoComplete: "postal-code", half: true },
  locality: { label: "Town", autoComplete: "address-level2", half: true },
  region: { label: "State or province", autoComplete: "address-level1", half: true },
  country: { label: "Country", autoComplete: "country-name", half: true },
};

/** An entry that has a field. */
export type FieldName = keyof typeof FIELDS;

/** Whether a problem's field is one of the form. */
export function isField(name: string | undefined): name is FieldName {
  return name !== undefined && Object.hasOwn(FIELDS, name);
}

/** What stands in the form. */
export type Values = Record<Entry, string> & { age_privacy: boolean };

/** What differs in the form from the profile: what is to be sent. */
export function changesOf(profile: Profile, values: Values): ProfileEdit {
  const edit: ProfileEdit = {};
  for (const [name, value] of Object.entries(values)) {
    if (name === "age_privacy") {
      if (value !== profile.age_privacy) edit.age_privacy = value === true;
      continue;
    }
    const entry = name as Entry;
    const text = String(value).trim();
    if (text !== (profile[entry] ?? "")) edit[entry] = text === "" ? null : text;
  }
  return edit;
}

/** What the server found wrong with an entry, as a sentence. */
export function wrongWith(detail: string | undefined): string {
  return detail === undefined || detail === "" ? "This cannot be used." : wholeSentence(detail);
}

/** The address as on a letter. */
export function addressLines(profile: Profile): string[] {
  const town = [profile.postal_code, profile.locality].filter(Boolean).join(" ");
  return [...(profile.street_address ?? "").split("\n"), town, profile.region, profile.country].filter(
    (line): line is string => line !== undefined && line !== "",
  );
}

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });

/** A `YYYY-MM-DD` as people write it; it is the same day everywhere. */
export function dayWords(date: string): string {
  const moment = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(moment) ? date : DAY.format(moment);
}

const LANGUAGES: readonly [string, string][] = [
  ["en", "English"],
  ["nl", "Nederlands"],
];

/** The languages to choose from, with `chosen` among them whatever it is. */
export function languages(chosen: string): readonly [string, string][] {
  const known = chosen === "" || LANGUAGES.some(([tag]) => tag === chosen);
  return known ? LANGUAGES : [...LANGUAGES, [chosen, languageWords(chosen)]];
}

/** What a language is called. */
export function languageWords(tag: string): string {
  const own = LANGUAGES.find(([known]) => known === tag);
  if (own !== undefined) return own[1];
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
