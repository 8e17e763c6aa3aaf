/**
 * The place between the fields and the button: a quiet hint, or what failed. Both keep the same room, so that nothing
 * moves when one replaces the other.
 */

import { type ReactNode, useEffect, useRef } from "react";
import type { Problem } from "../api/problem";
import { wordsFor } from "../words";

interface SlotProps {
  id: string;
  testId: string;
  problem: Problem | null;
  /** The person's own slip, found before anything was sent. */
  slip?: string | null;
  children?: ReactNode;
}

/** Shows `problem` or `slip`, else its children. A problem takes the focus: it is the answer to what was just done. */
export function Slot({ id, testId, problem, slip, children }: SlotProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (problem !== null) box.current?.focus();
  }, [problem]);

  const words = slip ?? (problem === null ? null : wordsFor(problem));
  return (
    <div className="slot" id={id}>
      {words === null ? (
        <p className="hint">{children}</p>
      ) : (
        <div className="alert" role="alert" tabIndex={-1} ref={box} data-testid={testId}>
          <AlertIcon />
          <p>{words}</p>
        </div>
      )}
    </div>
  );
}

function AlertIcon() {
  return (
    <svg className="alert-icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <circle cx="10" cy="10" r="8.5" />
      <path d="M10 5.5v5.5M10 13.8v.7" />
    </svg>
  );
}
