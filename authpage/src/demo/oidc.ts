/** The demo application's side of OpenID Connect: what any public client in a browser does. */

import { decode, fault, verify } from "./jwt";
import { challengeFor, randomText } from "./pkce";

const CLIENT_ID = "demo";
const SCOPE = "openid profile email offline_access";
const PENDING = "demo.pending";
const LOGOUT_STATE = "demo.logout-state";

/** The part of the discovery document that is used here. */
interface Provider {
  issuer: string;
  authorization_endpoint: string;
  token_endpoint: string;
  userinfo_endpoint: string;
  end_session_endpoint: string;
  jwks_uri: string;
}

/** An answer of the token endpoint, with the ID token's judgement. */
export interface Tokens {
  access_token: string;
  id_token: string;
  refresh_token?: string;
  expires_in?: number;
  scope?: string;
  /** Whether the ID token's signature was checked; this browser may not know the algorithm. */
  signature: "valid" | "not checked here";
}

interface Pending {
  state: string;
  nonce: string;
  verifier: string;
}

/** A failure in the words of OAuth: a code, and what the server said about it. */
export class OAuthError extends Error {
  readonly code: string;

  constructor(code: string, description: string) {
    super(description);
    this.code = code;
  }
}

/** Where the answer is awaited: this very page. */
function redirectUri(): string {
  return `${window.location.origin}/demo/`;
}

async function fetchJson(url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch {
    throw new OAuthError("no_answer", "The server did not answer. Is it still running?");
  }
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return body;
  // The userinfo endpoint says it in a header (RFC 6750 §3).
  const challenge = response.headers.get("WWW-Authenticate") ?? "";
  const code = body.error ?? /error="([^"]*)"/.exec(challenge)?.[1] ?? `http_${response.status}`;
  const description = body.error_description ?? /error_description="([^"]*)"/.exec(challenge)?.[1] ?? "";
  throw new OAuthError(String(code), String(description));
}

let discovered: Promise<Provider> | undefined;

function provider(): Promise<Provider> {
  discovered ??= fetchJson("/.well-known/openid-configuration").then((body) => body as unknown as Provider);
  discovered.catch(() => {
    discovered = undefined;
  });
  return discovered;
}

/** Leaves for the sign-in page. */
export async function signIn(): Promise<void> {
  const { authorization_endpoint } = await provider();
  const pending: Pending = { state: randomText(), nonce: randomText(), verifier: randomText() };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const url = new URL(authorization_endpoint);
  url.search = new URLSearchParams({
    response_type: "code",
    client_id: CLIENT_ID,
    redirect_uri: redirectUri(),
    scope: SCOPE,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await challengeFor(pending.verifier),
    code_challenge_method: "S256",
  }).toString();
  window.location.assign(url.href);
}

async function tokenRequest(form: Record<string, string>, nonce?: string): Promise<Tokens> {
  const { token_endpoint, jwks_uri, issuer } = await provider();
  const body = await fetchJson(token_endpoint, {
    method: "POST",
    body: new URLSearchParams({ client_id: CLIENT_ID, ...form }),
  });
  const tokens = body as unknown as Omit<Tokens, "signature">;
  const { claims } = decode(tokens.id_token);
  const expected = {
    issuer,
    clientId: CLIENT_ID,
    now: Date.now() / 1000,
    ...(nonce === undefined ? {} : { nonce }),
  };
  const wrong = fault(claims, expected);
  if (wrong !== null) throw new OAuthError("bad_id_token", `The ID token is not taken: ${wrong}.`);
  const keys = (await fetchJson(jwks_uri)).keys as (JsonWebKey & { kid?: string })[];
  const verified = await verify(tokens.id_token, keys);
  if (verified === false) throw new OAuthError("bad_id_token", "The ID token's signature is not valid.");
  return { ...tokens, signature: verified ? "valid" : "not checked here" };
}

/** What the address of this page says when it loads. */
export type Return = { kind: "nothing" } | { kind: "signed-out" } | { kind: "tokens"; tokens: Tokens };

/** Reads the answer out of `search`, checks that it is ours, and redeems the code. */
export async function returned(search: string): Promise<Return> {
  const answer = new URLSearchParams(search);
  const state = answer.get("state");
  const logoutState = sessionStorage.getItem(LOGOUT_STATE);
  const code = answer.get("code");
  const error = answer.get("error");
  if (code === null && error === null) {
    if (state === null || state !== logoutState) return { kind: "nothing" };
    sessionStorage.removeItem(LOGOUT_STATE);
    return { kind: "signed-out" };
  }
  const pending = JSON.parse(sessionStorage.getItem(PENDING) ?? "null") as Pending | null;
  sessionStorage.removeItem(PENDING);
  if (pending === null || state !== pending.state) {
    throw new OAuthError(
      "wrong_state",
      "This answer belongs to no request of this tab. Please sign in again.",
    );
  }
  const { issuer } = await provider();
  if (answer.get("iss") !== issuer)
    throw new OAuthError("wrong_issuer", "The answer is from another server.");
  if (code === null) throw new OAuthError(error ?? "", answer.get("error_description") ?? "");
  const form = {
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri(),
    code_verifier: pending.verifier,
  };
  return { kind: "tokens", tokens: await tokenRequest(form, pending.nonce) };
}

/** Gets new tokens for the refresh token, which is spent by it. */
export async function refresh(tokens: Tokens): Promise<Tokens> {
  const fresh = await tokenRequest({
    grant_type: "refresh_token",
    refresh_token: tokens.refresh_token ?? "",
  });
  const before = decode(tokens.id_token).claims.sub;
  if (decode(fresh.id_token).claims.sub !== before) {
    throw new OAuthError("bad_id_token", "The refreshed ID token is about somebody else.");
  }
  return fresh;
}

/** Asks who the access token is about. */
export async function userinfo(tokens: Tokens): Promise<Record<string, unknown>> {
  const { userinfo_endpoint } = await provider();
  return fetchJson(userinfo_endpoint, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
}

/** Leaves to sign out at the server too (OpenID Connect RP-Initiated Logout 1.0). */
export async function signOut(tokens: Tokens): Promise<void> {
  const { end_session_endpoint } = await provider();
  const state = randomText();
  sessionStorage.setItem(LOGOUT_STATE, state);
  const url = new URL(end_session_endpoint);
  url.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: redirectUri(),
    state,
  }).toString();
  window.location.assign(url.href);
}
