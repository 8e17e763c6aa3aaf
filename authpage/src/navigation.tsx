/**
 * Going from page to page without loading anew, and leaving for another address.
 *
 * What a page hands to the next one (a link's token, an e-mail address) travels in `history.state`: it survives a reload,
 * belongs to one entry of one tab, and stands neither in the address bar nor in anything that is sent.
 */

import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from "react";
import { type PageName, pageAt, tokenOf } from "./routes";

/** What the page before left for this one. */
export interface Arrival {
  /** The token of a mailed link, or of the step after it. */
  token?: string;
  /** The address to fill in. */
  email?: string;
  /** What just went well, to be said on the next page. */
  done?: "registered" | "password-changed" | "address-changed" | "account-deleted";
  /** The address is confirmed, and an administrator decides. */
  waits?: boolean;
  /** The page of ours to go back to after signing in. */
  back?: string;
  /** What was searched for on this page. */
  search?: string;
}

/** The pages that a mailed link, or another page of ours, leads to with a token in the fragment. */
const LINKED: readonly PageName[] = ["confirm", "register", "reset", "new-email", "delete-account"];

let visits = 0;
const listeners = new Set<() => void>();

function arrive(): void {
  const token = tokenOf(window.location.hash);
  if (token !== null && LINKED.includes(pageAt(window.location.pathname))) {
    history.replaceState({ token } satisfies Arrival, "", window.location.pathname);
  }
  visits += 1;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Starts the switch: back, forward, a link with another fragment, and pages that come back out of the browser's cache. */
export function startNavigation(): void {
  window.addEventListener("popstate", arrive);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) arrive();
  });
  arrive();
}

/** A number that changes with every visit to a page; the first page has 1. */
export function useVisit(): number {
  return useSyncExternalStore(subscribe, () => visits);
}

/** What the page before left for this one. */
export function arrival(): Arrival {
  return (history.state as Arrival | null) ?? {};
}

/** Keeps `more` with this entry of the history, for whoever comes back to it. */
export function keep(more: Arrival): void {
  history.replaceState({ ...arrival(), ...more }, "", window.location.href);
}

/** A parameter of the query, or `null`; an empty one counts as absent. */
export function query(name: string): string | null {
  return new URLSearchParams(window.location.search).get(name) || null;
}

/** Shows the page at `path`; `replace` leaves no way back to this one. */
export function navigate(path: string, options: { replace?: boolean; arrival?: Arrival } = {}): void {
  const state = options.arrival ?? {};
  if (options.replace) history.replaceState(state, "", path);
  else history.pushState(state, "", path);
  window.scrollTo(0, 0);
  arrive();
}

/** Sends the browser to a path of this server, as an answer of the server told. Anything else is refused. */
export function leaveTo(next: string): void {
  const url = new URL(next, window.location.origin);
  if (url.origin !== window.location.origin) throw new Error("the server named another site");
  window.location.assign(url.href);
}

/** Sends the browser on to an application: a web address, or the private scheme of an app. Never a script. */
export function leaveToApplication(next: string): void {
  const url = new URL(next, window.location.origin);
  if (["javascript:", "data:", "blob:", "vbscript:"].includes(url.protocol)) {
    throw new Error("the server named a script");
  }
  window.location.assign(url.href);
}

/** A link to a page of ours. A plain click stays in this document, anything else is the browser's. */
export function Link(props: AnchorHTMLAttributes<HTMLAnchorElement> & { href: string }) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(props.href);
  }
  // biome-ignore-start lint/a11y: it is a link, with an address; the handler only spares the loading
  return <a {...props} onClick={follow} />;
  // biome-ignore-end lint/a11y: see above
}
