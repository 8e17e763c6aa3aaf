/** What people read when something fails: what happened, and what to do now. */

import type { Problem } from "./api/problem";

/** A span of time as people say it, rounded up. */
export function duration(seconds: number): string {
  const [count, unit] =
    seconds < 90
      ? [seconds, "second"]
      : seconds < 90 * 60
        ? [Math.ceil(seconds / 60), "minute"]
        : [Math.ceil(seconds / 3600), "hour"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const FIELDS: ReadonlyMap<string, string> = new Map([
  ["given_name", "First name"],
  ["family_name", "Last name"],
  ["call_name", "What people call you"],
  ["phone", "Phone number"],
  ["education", "Education"],
  ["birth_date", "Date of birth"],
  ["membership_number", "Membership number"],
  ["joined", "Member since"],
  ["scope", "Scope"],
  ["client_name", "Name"],
  ["client_uri", "Home page"],
  ["client_id", "Client id"],
  ["redirect_uris", "Redirect addresses"],
  ["post_logout_redirect_uris", "Addresses after signing out"],
  ["required_scope", "Needed scope"],
]);

/** The label of the field that the server names, or `null`; `redirect_uris[1]` is the second line of its field. */
function fieldLabel(field: string | undefined): string | null {
  const [, name = "", index] = /^(\w+)(?:\[(\d+)\])?$/.exec(field ?? "") ?? [];
  const label = FIELDS.get(name);
  if (label === undefined) return null;
  return index === undefined ? label : `${label}, line ${Number(index) + 1}`;
}

/** What the server says in passing, as a sentence of its own. */
export function wholeSentence(text: string): string {
  return sentence(text.charAt(0).toUpperCase() + text.slice(1));
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** One or two sentences for a failure that leaves the person on the page they are on. */
export function wordsFor(problem: Problem): string {
  const wait = problem.retryAfter === undefined ? "in a moment" : `in ${duration(problem.retryAfter)}`;
  switch (problem.kind) {
    case "invalid-credentials":
      return "E-mail address or password is wrong. Please try again.";
    case "invalid-request": {
      if (problem.field === "email" || problem.field === "new_email") {
        return "That is not an e-mail address. It needs the form name@example.org.";
      }
      const label = fieldLabel(problem.field);
      const detail = problem.detail ?? "the server could not use it";
      return label === null
        ? `The server could not use what this page sent: ${sentence(detail)}`
        : `${label}: ${sentence(detail)}`;
    }
    case "login-required":
      return "This was begun for another account. Please sign in with the address of that one, or start again.";
    case "conflict":
      return problem.detail ? wholeSentence(problem.detail) : "This cannot be done as things are.";
    case "invalid-token":
      return "You are not signed in any more. Please load the page again.";
    case "insufficient-scope":
      return "Your account has not the right to do this.";
    case "expired":
      return "This took too long, or was done already. Please start again.";
    case "wrong-browser":
      return "This was begun in another browser, or cookies are blocked here. Please go on in the browser you began in.";
    case "forbidden-origin":
      return "The server did not accept that this came from its own page. Please load the page again.";
    case "too-many-attempts":
      return `Too many attempts. For the safety of accounts, please try again ${wait}.`;
    case "unavailable":
      return `The server is busy right now. Please try again ${wait}.`;
    case "closed":
      return "This server takes no new accounts. Please ask whoever runs it.";
    case "bad-signature":
      return "This signature is not one of this key over this challenge. Please sign it again.";
    case "linked-elsewhere":
      return "This key is linked to another account. Please unlink it there first.";
    case "not-admitted":
      return "Your account may not use this application. Please ask whoever runs it.";
    case "unreachable":
      return "No answer from the server. Please check your connection and try again.";
    case "not-loaded":
      return "A part of this page did not load. Please check your connection and load the page again.";
    case "no-webassembly":
      return "This browser has WebAssembly switched off, which keeps your password secret here. Please allow it, or use another browser.";
    case "too-slow":
      return "That took too long. Please try again.";
    case "timeout":
      return "The server did not get all of it in time. Please check your connection and try again.";
    case "not-found":
    case "method-not-allowed":
    case "too-large":
    case "unsupported-media-type":
    case "internal":
      return "Something went wrong on our side. Please try again; if it stays, tell whoever runs this server.";
  }
}
