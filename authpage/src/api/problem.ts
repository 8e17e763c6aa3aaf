/** Why something did not work: the server's problem documents (RFC 9457) and what can go wrong on the way to it. */

const PREFIX = "urn:countersign:problem:";

const SERVER_KINDS = [
  "invalid-request",
  "invalid-credentials",
  "login-required",
  "invalid-token",
  "insufficient-scope",
  "conflict",
  "expired",
  "wrong-browser",
  "forbidden-origin",
  "too-many-attempts",
  "unavailable",
  "not-found",
  "method-not-allowed",
  "timeout",
  "too-large",
  "unsupported-media-type",
  "closed",
  "bad-signature",
  "linked-elsewhere",
  "not-admitted",
  "internal",
] as const;

/** What the server may say, and four things that only the browser can notice. */
export type ProblemKind =
  | (typeof SERVER_KINDS)[number]
  /** No answer: no network, or no server. */
  | "unreachable"
  /** A part of the page did not load; browsers remember that until the page is loaded anew. */
  | "not-loaded"
  /** The OPAQUE client cannot run here (WebAssembly switched off). */
  | "no-webassembly"
  /** The login took longer than its state lives, while the application's request is still good. */
  | "too-slow";

/** One failure. */
export interface Problem {
  kind: ProblemKind;
  /** The server's own sentence. */
  detail?: string;
  /** The field of the request that it is about. */
  field?: string;
  /** How long to wait, in whole seconds. */
  retryAfter?: number;
}

/** A [`Problem`] on its way up. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.kind);
    this.problem = problem;
  }
}

/** The problem that any thrown value stands for. */
export function problemOf(thrown: unknown): Problem {
  return thrown instanceof ProblemError ? thrown.problem : { kind: "internal" };
}

function kindOfStatus(status: number): ProblemKind {
  switch (status) {
    case 401:
      return "invalid-credentials";
    case 404:
      return "not-found";
    case 410:
      return "expired";
    case 413:
      return "too-large";
    case 429:
      return "too-many-attempts";
    case 502:
    case 503:
    case 504:
      return "unavailable";
    default:
      return "internal";
  }
}

/** Seconds to wait by a `Retry-After` header (RFC 9110 §10.2.3): a number of seconds or a date. */
export function retryAfterSeconds(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const seconds = /^\d+$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - now) / 1000);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 24 * 60 * 60) : undefined;
}

/** The problem in an answer. What a proxy in between says in other forms is judged by its status. */
export function readProblem(status: number, retryAfter: string | null, body: unknown, now: number): Problem {
  const document = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const problem: Problem = {
    kind: SERVER_KINDS.find((kind) => `${PREFIX}${kind}` === document.type) ?? kindOfStatus(status),
  };
  if (typeof document.detail === "string") problem.detail = document.detail;
  if (typeof document.field === "string") problem.field = document.field;
  const wait = retryAfterSeconds(retryAfter, now);
  if (wait !== undefined) problem.retryAfter = wait;
  return problem;
}
