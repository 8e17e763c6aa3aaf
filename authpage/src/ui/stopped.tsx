/** The page that says why it does not go on, and what to do instead. */

import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { useWait } from "../forms/use-wait";
import { duration, wordsFor } from "../words";
import { Frame } from "./frame";

interface StoppedProps {
  title: string;
  children: ReactNode;
  /** What can be done: links that look like buttons. */
  actions?: ReactNode;
}

/** A page with an explanation and ways on. */
export function Stopped({ title, children, actions }: StoppedProps) {
  return (
    <Frame key={title} title={title}>
      <div className="prose" data-testid="stopped">
        {children}
      </div>
      <div className="actions">{actions}</div>
    </Frame>
  );
}

/** A page that could not read what it needs, for a reason that may pass. */
export function Interrupted({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const [wait] = useWait(problem.retryAfter ?? 0);
  return (
    <Stopped
      title={problem.kind === "unreachable" ? "No connection" : "Please try again"}
      actions={
        <button
          className="button"
          type="button"
          aria-disabled={wait > 0}
          onClick={() => {
            if (wait === 0) onRetry();
          }}
        >
          {wait > 0 ? `Try again in ${duration(wait)}` : "Try again"}
        </button>
      }
    >
      <p>{wordsFor(problem)}</p>
    </Stopped>
  );
}
