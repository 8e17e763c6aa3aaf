/** How the administration page names people, days and applications. */

import type { Client, Person } from "./api";

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
/** Dates of the server have no time zone. */
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });

/** The day of a moment in milliseconds since 1970. */
export function dayOf(milliseconds: number): string {
  return DAY.format(milliseconds);
}

/** A date of the form `YYYY-MM-DD` in words. */
export function dateOf(text: string): string {
  const moment = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(moment) ? text : DATE.format(moment);
}

/** Today as a date field takes it, by the clock on the wall. */
export function today(now: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** A name, or the address of who has none. */
export function nameOf(somebody: {
  email: string;
  given_name?: string | null;
  family_name?: string | null;
}): string {
  const parts = [somebody.given_name, somebody.family_name].filter((part) => part);
  return parts.length === 0 ? somebody.email : parts.join(" ");
}

/** A postal address in lines, as far as it is known. */
export function addressOf(person: Person): string[] {
  const city = [person.postal_code, person.locality].filter((part) => part).join(" ");
  const street = person.street_address?.split("\n") ?? [];
  return [...street, city, person.region ?? "", person.country ?? ""].filter((line) => line !== "");
}

/** What kind of application a client is. */
export function kindOf(client: Client): string {
  const grants = client.grant_types;
  const open = client.token_endpoint_auth_method === "none";
  if (client.application_type === "native") return "Installed app";
  if (grants.includes("urn:ietf:params:oauth:grant-type:device_code")) return "Device";
  if (!grants.includes("authorization_code")) return "Service";
  return open ? "Single page app" : "Web application";
}
