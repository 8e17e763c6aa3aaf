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

/** What the server says in passing, as a sentence of its own: a capital first, a full stop last. */
export function sentence(detail: string): string {
  const [first = "", ...rest] = detail.trim();
  const text = first.toLocaleUpperCase("en") + rest.join("");
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** One or two sentences for a failure that leaves the person on the page they are on. */
export function wordsFor(problem: Problem): string {
  const wait = problem.retryAfter === undefined ? "in a moment" : `in ${duration(problem.retryAfter)}`;
  switch (problem.kind) {
    case "invalid-credentials":
      return "E-mail address or password is wrong. Please try again.";
    case "invalid-request":
      return problem.field === "email" || problem.field === "new_email"
        ? "That is not an e-mail address. It needs the form name@example.org."
        : `The server could not use what this page sent${problem.detail ? `: ${problem.detail}.` : "."}`;
    case "login-required":
      return "This was begun for another account. Please sign in with the address of that one, or start again.";
    case "insufficient-scope":
      return "You may not do this (any more). Please ask whoever runs this server.";
    case "invalid-token":
      return "You are not signed in (any more). Please sign in again.";
    case "conflict":
      return problem.detail ? sentence(problem.detail) : "This cannot be done as things are.";
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
