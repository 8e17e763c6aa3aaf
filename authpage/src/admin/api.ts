/** The administrators' routes as functions. Names and shapes are those on the wire; `docs/api-accounts.md` describes them. */

import { get, post, put, remove } from "../api/request";

/** Entries of a list, and where the next ones begin; `null` on the last page. */
export interface Page<Entry> {
  entries: Entry[];
  next: string | null;
}

/** Where somebody on the way in stands: an administrator has to decide, or the registration mail is out. */
export type Stage = "waiting" | "admitted";

/** Somebody who has no account yet. Times are in milliseconds since 1970. */
export interface Applicant {
  id: string;
  email: string;
  stage: Stage;
  given_name: string | null;
  family_name: string | null;
  phone: string | null;
  membership_number: string | null;
  joined: string | null;
  created_at: number;
  expires_at: number;
  /** Why the last mail to them was refused. */
  mail_trouble: string | null;
}

/** Somebody who has an account. What is not known is not there. */
export interface Person {
  id: string;
  email: string;
  name?: string;
  given_name?: string;
  family_name?: string;
  call_name?: string;
  phone?: string;
  birth_date?: string;
  education?: string;
  age_privacy: boolean;
  membership_number?: string;
  joined?: string;
  street_address?: string;
  locality?: string;
  region?: string;
  postal_code?: string;
  country?: string;
  locale?: string;
  status: "active" | "disabled";
  scopes: string[];
  created_at: number;
  mail_trouble?: string;
}

/** An application, in the names of RFC 7591. */
export interface Client {
  client_id: string;
  client_name: string;
  client_uri?: string;
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  grant_types: string[];
  scope: string;
  token_endpoint_auth_method: string;
  application_type: "web" | "native";
  id_token_signed_response_alg: string;
  first_party: boolean;
  required_scope?: string;
  /** In the answer that made it, and in no other. */
  client_secret?: string;
}

/** How many entries a list shows at a time. */
const LIMIT = 50;

function query(parameters: Record<string, string | null>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== null && value !== "");
  return new URLSearchParams(given as [string, string][]).toString();
}

export async function readApplicants(stage: Stage, cursor: string | null): Promise<Page<Applicant>> {
  const path = `/onboard/get/?${query({ stage, cursor, limit: String(LIMIT) })}`;
  const { applicants, next } = await get<{ applicants: Applicant[]; next: string | null }>(path);
  return { entries: applicants, next };
}

export const admit = (id: string, membership: object) =>
  post<object>("/onboard/confirm/", { ...membership, id });

export const invite = (somebody: object) => post<object>("/onboard/invite/", somebody);

export const resend = (id: string) => post<object>("/onboard/resend/", { id });

export const withdraw = (id: string) => post<object>("/onboard/withdraw/", { id });

export async function readPeople(q: string, cursor: string | null): Promise<Page<Person>> {
  const path = `/admin/users/?${query({ q, cursor, limit: String(LIMIT) })}`;
  const { users, next } = await get<{ users: Person[]; next: string | null }>(path);
  return { entries: users, next };
}

const person = (id: string) => `/admin/users/${encodeURIComponent(id)}/`;

export const readPerson = (id: string) => get<Person>(person(id));

export const setMembership = (id: string, membership: object) =>
  post<object>(`${person(id)}membership/`, membership);

export const disable = (id: string) => post<object>(`${person(id)}disable/`, {});

export const enable = (id: string) => post<object>(`${person(id)}enable/`, {});

export const addScope = (user_id: string, scope: string) =>
  post<{ scopes: string[] }>("/admin/scopes/add/", { user_id, scope });

export const removeScope = (user_id: string, scope: string) =>
  post<{ scopes: string[] }>("/admin/scopes/remove/", { user_id, scope });

export async function readClients(cursor: string | null): Promise<Page<Client>> {
  const { clients, next } = await get<{ clients: Client[]; next: string | null }>(
    `/admin/clients/?${query({ after: cursor })}`,
  );
  return { entries: clients, next };
}

const client = (id: string) => `/admin/clients/${encodeURIComponent(id)}/`;

export const readClient = (id: string) => get<Client>(client(id));

export const addClient = (metadata: object) => post<Client>("/admin/clients/", metadata);

export const replaceClient = (id: string, metadata: object) => put<Client>(client(id), metadata);

export const removeClient = (id: string) => remove(client(id));
