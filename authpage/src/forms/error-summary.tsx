/** What is wrong with a longer form, at its top: takes the focus, and leads to each field. */

import { useEffect, useRef } from "react";

/** One field that cannot be as it is. */
export interface FieldError {
  /** The id of the field. */
  id: string;
  label: string;
  words: string;
}

/** Shown when there is something; each new list takes the focus. */
export function ErrorSummary({ errors, testId }: { errors: readonly FieldError[]; testId: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (errors.length > 0) box.current?.focus();
  }, [errors]);

  if (errors.length === 0) return null;
  return (
    <div className="alert summary" role="alert" tabIndex={-1} ref={box} data-testid={testId}>
      <p>
        {errors.length === 1
          ? "Nothing is saved yet. One entry needs another look:"
          : `Nothing is saved yet. ${errors.length} entries need another look:`}
      </p>
      <ul>
        {errors.map(({ id, label, words }) => (
          <li key={id}>
            <button className="inline" type="button" onClick={() => document.getElementById(id)?.focus()}>
              {label}
            </button>
            : {words}
          </li>
        ))}
      </ul>
    </div>
  );
}
