/** The server's routes as functions. Names and shapes are those on the wire. */

import { get, post } from "./request";

/** An OPAQUE answer and the name under which the server keeps the other half. */
export interface Started {
  server_message: string;
  auth_id: string;
}

/** Where the browser goes next. */
export interface Next {
  next: string;
}

/** What may be shown about an application's authorization request. */
export interface Flow {
  client: { name: string; uri: string | null };
  scopes: string[];
  login_hint: string | null;
  /** The languages that the application asks for, best first, with blanks between. */
  ui_locales: string | null;
  stage: "login" | "consent";
  signed_in_as: string | null;
}

/** What may be shown about a device that waits. */
export interface Device {
  user_code: string;
  client: { name: string; uri: string | null };
  scopes: string[];
  signed_in_as: string;
}

/** A confirmed address: its owner may register, or waits for an administrator. */
export type Confirmed = { email: string; next: "register"; token: string } | { email: string; next: "wait" };

/** Who is signed in; `authenticated_at` is in milliseconds since 1970. */
export interface Session {
  id: string;
  email: string;
  /** The roles of the account, such as `admin`. */
  scopes: string[];
  authenticated_at: number;
}

export const startLogin = (email: string, client_request: string) =>
  post<Started>("/login/start/", { email, client_request });

export const finishLogin = (auth_id: string, client_request: string, flow_id: string | null) =>
  post<Next>(
    "/login/finish/",
    flow_id === null ? { auth_id, client_request } : { auth_id, client_request, flow_id },
  );

export const readFlow = (flow_id: string) => get<Flow>(`/oauth/flow/?flow_id=${encodeURIComponent(flow_id)}`);

export const decideConsent = (flow_id: string, decision: "allow" | "deny") =>
  post<Next>("/oauth/consent/", { flow_id, decision });

export const readDevice = (user_code: string) => post<Device>("/oauth/device/lookup/", { user_code });

export const decideDevice = (user_code: string, decision: "allow" | "deny") =>
  post<object>("/oauth/device/decide/", { user_code, decision });

/** Asks to be taken in; `said` are the names and the phone number, as far as they were filled in. */
export const signUp = (email: string, said: object, locales: string | null) =>
  post<object>("/onboard/signup/", { ...said, email }, inLanguage(locales));

export const confirmEmail = (token: string) => post<Confirmed>("/onboard/email/", { token });

export const startRegistration = (token: string, client_request: string) =>
  post<Started & { email: string }>("/onboard/register/", { token, client_request });

/** Makes the account; `said` is what its owner says of themselves. */
export const finishRegistration = (auth_id: string, client_request: string, said: object = {}) =>
  post<Next>("/onboard/finish/", { ...said, auth_id, client_request });

export const requestReset = (email: string, _: object, locales: string | null) =>
  post<object>("/update/password/reset/", { email }, inLanguage(locales));

/** Asks for mails in the languages of `ui_locales`, and then in those of the browser, which says them by itself otherwise. */
function inLanguage(locales: string | null): Record<string, string> {
  const tags = (locales ?? "").split(" ").filter((tag) => /^[A-Za-z0-9-]+$/.test(tag));
  return tags.length === 0 ? {} : { "Accept-Language": [...tags, ...navigator.languages].join(", ") };
}

export const startReset = (token: string, client_request: string) =>
  post<Started & { email: string }>("/update/password/start/", { token, client_request });

export const finishReset = (auth_id: string, client_request: string) =>
  post<object>("/update/password/finish/", { auth_id, client_request });

/** What a login is made for. */
export interface Change {
  flow_id: string;
}

export const askPasswordChange = () => post<Change>("/update/password/change/", {});

export const askNewAddress = (new_email: string) => post<object>("/update/email/send/", { new_email });

export const startMove = (flow_id: string, client_request: string) =>
  post<Started & { email: string }>("/update/email/check/", { flow_id, client_request });

export const finishMove = (auth_id: string, client_request: string) =>
  post<object>("/update/email/check/", { auth_id, client_request });

export const askDeletion = () => post<Change & { delete_url: string }>("/update/delete/url/", {});

export const deleteAccount = (flow_id: string) => post<object>("/update/delete/check/", { flow_id });

export const readSession = () => get<Session>("/account/session/");

export const signOut = () => post<Next>("/account/logout/", {});

export const confirmLogout = (logout_id: string) => post<Next>("/oauth/logout/confirm/", { logout_id });
