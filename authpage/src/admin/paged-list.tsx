/** A list that shows what is known of it, and goes on when asked. */

import { type ReactNode, useEffect, useRef } from "react";
import { Slot } from "../ui/slot";
import type { Pages } from "./use-pages";

interface PagedListProps<Entry> {
  pages: Pages<Entry>;
  testId: string;
  /** What the list is, for those who do not see it. */
  label: string;
  /** What is said of an empty one. */
  empty: ReactNode;
  row: (entry: Entry) => ReactNode;
  idOf: (entry: Entry) => string;
}

/** Rows are made anew with each edition: nothing that stays on the page is moved by what comes and goes. */
export function PagedList<Entry>({ pages, testId, label, empty, row, idOf }: PagedListProps<Entry>) {
  const { entries, hasMore, busy, problem, edition, more } = pages;
  const list = useRef<HTMLUListElement>(null);
  const grown = useRef({ edition, length: 0 });
  const length = entries?.length ?? 0;

  // The button that was pressed is gone: what it brought takes the focus.
  useEffect(() => {
    const before = grown.current;
    if (before.edition === edition && before.length > 0 && length > before.length) {
      list.current?.children[before.length]?.querySelector<HTMLElement>("a, button")?.focus();
    }
    grown.current = { edition, length };
  }, [edition, length]);

  if (entries === null) return null;
  return (
    <div key={edition} aria-busy={busy || undefined} className="paged">
      {length === 0 ? (
        <div className="empty" data-testid={`${testId}-empty`}>
          {empty}
        </div>
      ) : (
        <ul className="rows" ref={list} aria-label={label} data-testid={testId}>
          {entries.map((entry) => (
            <li className="row" key={idOf(entry)}>
              {row(entry)}
            </li>
          ))}
        </ul>
      )}
      {problem !== null && <Slot id={`${testId}-slot`} testId={`${testId}-error`} problem={problem} />}
      {hasMore && (
        <button
          key={length}
          className="button quiet more"
          type="button"
          aria-disabled={busy}
          data-testid={`${testId}-more`}
          onClick={() => busy || more()}
        >
          {busy ? "One moment…" : "Show more"}
        </button>
      )}
    </div>
  );
}
