/** What is sent of an application: its form as RFC 7591 metadata, and a change of what is there already. */

import type { Client } from "./api";

/** The kinds of application that can be added here; others are added on the command line. */
export const KINDS = ["web", "page", "native", "service"] as const;

/** One of them. */
export type Kind = (typeof KINDS)[number];

/** What the form says of a new application; fields left blank are not there. */
export interface Described {
  kind: Kind;
  client_name?: string;
  client_uri?: string;
  redirect_uris?: string;
  post_logout_redirect_uris?: string;
  scope?: string;
  required_scope?: string;
  first_party?: boolean;
  id_token_signed_response_alg?: string;
}

/** The entries of a field with one a line. */
export function linesOf(text: string | undefined): string[] {
  return (text ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Whether people sign in to it in a browser. */
export function hasPeople(kind: Kind): boolean {
  return kind !== "service";
}

/** The metadata of a new application: like those of our own tools, it has to use PKCE. */
export function metadataOf(described: Described): object {
  const { kind } = described;
  const common = {
    client_name: described.client_name,
    client_uri: described.client_uri,
    scope: described.scope,
    token_endpoint_auth_method: kind === "web" || kind === "service" ? "client_secret_basic" : "none",
  };
  if (!hasPeople(kind)) return { ...common, grant_types: ["client_credentials"] };
  return {
    ...common,
    application_type: kind === "native" ? "native" : "web",
    grant_types: ["authorization_code", "refresh_token"],
    redirect_uris: linesOf(described.redirect_uris),
    post_logout_redirect_uris: linesOf(described.post_logout_redirect_uris),
    required_scope: described.required_scope,
    first_party: described.first_party ?? false,
    id_token_signed_response_alg: described.id_token_signed_response_alg ?? "EdDSA",
    require_pkce: true,
  };
}

/** What is changed of an application; `undefined` takes an entry out. */
export type Change = { [Field in keyof Client]?: Client[Field] | undefined };

/** All of an application with some of it changed, as it is put in its own place. */
export function replacement(client: Client, change: Change): object {
  const { scope, ...rest } = { ...client, ...change };
  // A client without scopes is described with an empty text, which no registration takes.
  return scope === "" ? rest : { ...rest, scope };
}
