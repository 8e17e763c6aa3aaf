/** Telling "nobody is signed in" from a failure. */

import type { Problem } from "./api/problem";

/** Whether `problem`, met when asking who is signed in, means that nobody is. */
export function nobodyIsSignedIn(problem: Problem): boolean {
  return problem.kind === "invalid-credentials";
}
