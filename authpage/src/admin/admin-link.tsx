/** The way to the administration page, for those who may enter it. */

import type { Session } from "../api/routes";
import { Link } from "../navigation";

/** A button; nothing for everybody else. */
export function AdminLink({ session, small }: { session: Session | null; small?: boolean }) {
  if (session === null || !session.scopes.includes("admin")) return null;
  return (
    <Link className={small ? "button quiet small" : "button quiet"} href="/admin/" data-testid="admin-link">
      Administration
    </Link>
  );
}
