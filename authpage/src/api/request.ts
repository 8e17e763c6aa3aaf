/** One request to the server: JSON out, JSON in, every failure a `ProblemError`. */

import { ProblemError, readProblem } from "./problem";

const TIMEOUT_MS = 20_000;

async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      ...init,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    throw new ProblemError({ kind: "unreachable" });
  }
  const body = text === "" && response.status === 204 ? {} : parse(text);
  if (!response.ok) {
    throw new ProblemError(
      readProblem(response.status, response.headers.get("Retry-After"), body, Date.now()),
    );
  }
  if (typeof body !== "object" || body === null) throw new ProblemError({ kind: "internal" });
  return body as Answer;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks for `path`. */
export function get<Answer>(path: string): Promise<Answer> {
  return send<Answer>(path, { headers: { Accept: "application/json" } });
}

/** Sends `body` to `path`. */
export function post<Answer>(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return write<Answer>("POST", path, body, headers);
}

/** Puts `body` in the place of what is at `path`. */
export function put<Answer>(path: string, body: object): Promise<Answer> {
  return write<Answer>("PUT", path, body);
}

/** Removes what is at `path`. */
export function remove(path: string): Promise<object> {
  return send<object>(path, { method: "DELETE", headers: { Accept: "application/json" } });
}

function write<Answer>(
  method: "POST" | "PUT",
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send<Answer>(path, {
    method,
    headers: { Accept: "application/json", "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
