/**
 * Remembering which application somebody came from while they fetch a link from their mail.
 *
 * Signing up and resetting end in another tab, whose address knows nothing of the application's request. Its id is no
 * secret and useless without the cookie of this browser; it is kept for as long as the request can live.
 */

import { readFlow } from "./api/routes";
import { withFlow } from "./routes";

const KEY = "countersign.flow";
const LIFETIME_MS = 15 * 60 * 1000;

/** Keeps `flowId` for the tab that the mailed link will open. */
export function rememberFlow(flowId: string | null): void {
  if (flowId === null) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ flowId, at: Date.now() }));
  } catch {
    // Storage may be off or full; the person then signs in to their account page instead.
  }
}

function recall(): string | null {
  try {
    const { flowId, at } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as {
      flowId?: unknown;
      at?: unknown;
    };
    localStorage.removeItem(KEY);
    const fresh = typeof at === "number" && Date.now() - at < LIFETIME_MS;
    return fresh && typeof flowId === "string" ? flowId : null;
  } catch {
    return null;
  }
}

/** The sign-in page to go to next: with the remembered request if the server still has it. */
export async function signInPath(): Promise<string> {
  const flowId = recall();
  if (flowId === null) return "/login/";
  return readFlow(flowId).then(
    () => withFlow("/login/", flowId),
    () => "/login/",
  );
}
