/** The mark: a seal with one tick countersigned by a second. */

/** Draws the mark; it says nothing that the name beside it does not. */
export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect className="mark-seal" width="32" height="32" rx="9" />
      <path className="mark-first" d="M7.5 16.5l4.6 4.6 8.4-9.6" />
      <path className="mark-second" d="M16.6 20.2l.9.9 7-8" />
    </svg>
  );
}
