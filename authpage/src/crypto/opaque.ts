/**
 * OPAQUE (RFC 9807) in the browser. The password goes no further than this file: what leaves it are the protocol's
 * messages, from which nobody can try passwords without asking the server for each.
 */

import { ProblemError } from "../api/problem";
import * as api from "../api/routes";

type Opaque = typeof import("@serenity-kit/opaque");

let loading: Promise<Opaque> | undefined;

async function load(): Promise<Opaque> {
  if (typeof WebAssembly === "undefined") throw new ProblemError({ kind: "no-webassembly" });
  const opaque = await import("@serenity-kit/opaque").catch(() => {
    throw new ProblemError({ kind: "not-loaded" });
  });
  await opaque.ready.catch(() => {
    throw new ProblemError({ kind: "no-webassembly" });
  });
  return opaque;
}

/** Loads the client once; a failed try is not remembered. */
function opaqueClient(): Promise<Opaque> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

/** Fetches the client ahead of need; whatever goes wrong is told when it is needed. */
export function prefetchOpaque(): void {
  opaqueClient().catch(() => undefined);
}

/** The one form of a password that is the same on every keyboard and system. */
export function normalise(password: string): string {
  return password.normalize("NFC");
}

/** Signs in and says where to go. A wrong password is noticed here, before anything more is sent. */
export async function signIn(email: string, password: string, flowId: string | null): Promise<api.Next> {
  const { client } = await opaqueClient();
  const secret = normalise(password);
  const { clientLoginState, startLoginRequest } = client.startLogin({ password: secret });
  const { server_message, auth_id } = await api.startLogin(email, startLoginRequest);
  const finished = client.finishLogin({ clientLoginState, loginResponse: server_message, password: secret });
  if (finished === undefined) throw new ProblemError({ kind: "invalid-credentials" });
  return api.finishLogin(auth_id, finished.finishLoginRequest, flowId);
}

async function enrol<Answer extends api.Started>(
  password: string,
  start: (clientRequest: string) => Promise<Answer>,
): Promise<{ started: Answer; record: string }> {
  const { client } = await opaqueClient();
  const secret = normalise(password);
  const { clientRegistrationState, registrationRequest } = client.startRegistration({ password: secret });
  const started = await start(registrationRequest);
  const { registrationRecord } = client.finishRegistration({
    clientRegistrationState,
    registrationResponse: started.server_message,
    password: secret,
  });
  return { started, record: registrationRecord };
}

/** Makes the account that the registration token stands for, with what its owner says, and tells for which address. */
export async function register(token: string, password: string, said: object): Promise<string> {
  const { started, record } = await enrol(password, (request) => api.startRegistration(token, request));
  await api.finishRegistration(started.auth_id, record, said);
  return started.email;
}

/** Registers the password at the address that an account moves to, after a login made for `flowId`; says which it is. */
export async function moveAddress(flowId: string, password: string): Promise<string> {
  const { started, record } = await enrol(password, (request) => api.startMove(flowId, request));
  await api.finishMove(started.auth_id, record);
  return started.email;
}

/** Sets a new password by the token of a reset link or of a login made for it, and says for which address. */
export async function resetPassword(token: string, password: string): Promise<string> {
  const { started, record } = await enrol(password, (request) => api.startReset(token, request));
  await api.finishReset(started.auth_id, record);
  return started.email;
}
