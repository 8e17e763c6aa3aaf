/** The routes of `/account/…`, for whoever is signed in. Names and shapes are those on the wire. */

import { problemOf } from "../api/problem";
import { get, post } from "../api/request";
import * as routes from "../api/routes";
import { readEntitlements } from "../entitlements/api";
import { navigate } from "../navigation";
import { pageAt } from "../routes";
import type { Entry } from "./profile-fields";

/** What a person says of themselves; what is not known is not there. Dates are `YYYY-MM-DD`. */
export type Profile = Partial<Record<Entry, string>> & {
  age_privacy: boolean;
  membership_number?: string;
  joined?: string;
};

/** What changes of a profile: `null` takes an entry out, and what is not there stays. */
export type ProfileEdit = Partial<Record<Entry, string | null>> & { age_privacy?: boolean };

/** A browser that is signed in; times are in milliseconds since 1970. */
export interface SignedIn {
  sid: string;
  /** What the browser calls itself. */
  agent: string | null;
  authenticated_at: number;
  last_used_at: number;
  current: boolean;
}

/** An application that was allowed something or holds tokens; times are in milliseconds since 1970. */
export interface Application {
  client_id: string;
  name: string;
  client_uri: string | null;
  scope?: string;
  allowed_at?: number;
  last_used_at?: number;
}

/**
 * The answer to what needs a session. Where that has ended, perhaps by another device, this page has nothing more to show:
 * it gives way to the sign-in page, and the answer never comes.
 */
export async function ofSession<Answer>(asked: Promise<Answer>): Promise<Answer> {
  try {
    return await asked;
  } catch (thrown) {
    if (problemOf(thrown).kind !== "invalid-credentials") throw thrown;
    // Several may learn of it at once; the first one goes.
    if (pageAt(window.location.pathname) === "account") navigate("/login/", { replace: true });
    return new Promise(() => undefined);
  }
}

export const readSession = () => ofSession(routes.readSession());

export const readProfile = () => ofSession(get<Profile>("/account/profile/"));

export const saveProfile = (edit: ProfileEdit) => ofSession(post<Profile>("/account/profile/", edit));

export const readDevices = async () =>
  (await ofSession(get<{ sessions: SignedIn[] }>("/account/sessions/"))).sessions;

export const endDevice = (sid: string) => ofSession(post<object>("/account/sessions/end/", { sid }));

export const endOtherDevices = () => ofSession(post<{ ended: number }>("/account/sessions/end-others/", {}));

export const readApplications = async () =>
  (await ofSession(get<{ applications: Application[] }>("/account/applications/"))).applications;

export const endApplication = (client_id: string) =>
  ofSession(post<object>("/account/applications/end/", { client_id }));

export const readSubscription = () => ofSession(readEntitlements());

export const askPasswordChange = () => ofSession(routes.askPasswordChange());

export const askNewAddress = (email: string) => ofSession(routes.askNewAddress(email));

export const askDeletion = () => ofSession(routes.askDeletion());
