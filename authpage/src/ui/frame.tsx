/** What every page has: the mark, one card with one heading, and a line of links below it. */

import { type ReactNode, useEffect, useRef } from "react";
import { Mark } from "./mark";

interface FrameProps {
  /** The heading; also the title of the document. */
  title: string;
  /** The line below the heading. Its place is kept where it comes later. */
  lead?: ReactNode;
  /** The page still waits for what it shows: only its heading is there, so that nothing moves when the rest comes. */
  pending?: boolean;
  /** A page of several cards, which its children are, in place of one. */
  wide?: boolean;
  /** What stands beside the heading of a wide page. */
  aside?: ReactNode;
  /** Room for lists and tables. */
  roomy?: boolean;
  /** The way between pages that belong together, above the card. */
  nav?: ReactNode;
  /** The links below the card. */
  links?: ReactNode;
  children?: ReactNode;
}

let shown = false;

/**
 * A page. When it is the first one of the document, the first empty field takes the focus; later ones start at
 * their heading, so that a screen reader says where one is. Give it a `key` where one page replaces another in place.
 */
export function Frame({ title, lead, pending, wide, aside, roomy, nav, links, children }: FrameProps) {
  const main = useRef<HTMLElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);

  useEffect(() => {
    const first = !shown;
    shown = true;
    if (!first) {
      heading.current?.focus();
      return;
    }
    const fields = [...(main.current?.querySelectorAll<HTMLInputElement>("input:not([readonly])") ?? [])];
    (fields.find((field) => field.value === "") ?? fields.at(0))?.focus();
  }, []);

  const top = (
    <>
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead !== undefined && <p className="lead">{lead}</p>}
    </>
  );
  return (
    <div className={["page", wide && "wide", roomy && "roomy"].filter(Boolean).join(" ")}>
      <header className="brand">
        <Mark />
        <span>Countersign</span>
      </header>
      {nav}
      <main
        className={wide ? "cards" : "card"}
        ref={main}
        data-pending={pending || undefined}
        aria-busy={pending || undefined}
      >
        {wide ? (
          <div className="top">
            <div>{top}</div>
            {aside}
          </div>
        ) : (
          top
        )}
        {children}
      </main>
      <footer className="links">{links}</footer>
    </div>
  );
}
