/** What every part of the administration page has: the way to the others, and a place for what was just done. */

import { type ReactNode, useEffect, useRef } from "react";
import { Link } from "../navigation";
import { Frame } from "../ui/frame";
import { pathOf, type View } from "./paths";

/** The parts that stand in the navigation. */
export type Section = "applicants" | "people" | "clients";

const SECTIONS: readonly (readonly [Section, string])[] = [
  ["applicants", "Joining"],
  ["people", "People"],
  ["clients", "Applications"],
];

interface AdminFrameProps {
  title: string;
  /** To which section it belongs. */
  section: Section;
  /** What can be done with all of it: a link beside the heading. */
  action?: { view: View; label: string };
  lead?: ReactNode;
  pending?: boolean;
  /** What was just done; it takes the focus, for the button that did it may be gone. */
  done?: string | null;
  children?: ReactNode;
}

export function AdminFrame({ title, section, action, lead, pending, done, children }: AdminFrameProps) {
  return (
    <Frame roomy title={title} lead={lead} pending={pending ?? false} nav={<Sections current={section} />}>
      {action !== undefined && (
        <Link className="button small beside" href={pathOf(action.view)} data-testid={`admin-${action.view}`}>
          {action.label}
        </Link>
      )}
      {done !== undefined && <Done words={done} />}
      {children}
    </Frame>
  );
}

function Sections({ current }: { current: Section }) {
  return (
    <nav className="sections-nav" aria-label="Administration">
      <ul>
        {SECTIONS.map(([section, name]) => (
          <li key={section}>
            <Link
              href={pathOf(section)}
              aria-current={section === current ? "page" : undefined}
              data-testid={`admin-nav-${section}`}
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
      <Link className="away" href="/account/">
        Your account
      </Link>
    </nav>
  );
}

/** Its place is kept, so that nothing moves when something is done. */
function Done({ words }: { words: string | null }) {
  const box = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (words !== null) box.current?.focus();
  }, [words]);
  return (
    <div className="done-slot" role="status">
      {words !== null && (
        <p className="done" tabIndex={-1} ref={box} data-testid="admin-done">
          {words}
        </p>
      )}
    </div>
  );
}
