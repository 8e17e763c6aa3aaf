/** Who looks at a form of the administration page. */

import { ProblemError } from "../api/problem";
import { readSession } from "../api/routes";

/** The session of an administrator; forms that read nothing else ask for it before somebody fills them in. */
export async function readAdministrator() {
  const session = await readSession();
  if (!session.scopes.includes("admin")) throw new ProblemError({ kind: "insufficient-scope" });
  return session;
}
