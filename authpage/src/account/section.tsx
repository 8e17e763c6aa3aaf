/** The parts of the account page: each with a heading, a word about it, and what it read from the server for itself. */

import { type ReactNode, type Ref, type RefObject, useEffect, useId, useRef } from "react";
import type { Problem } from "../api/problem";
import { useWait } from "../forms/use-wait";
import type { Load } from "../use-load";
import { duration, wordsFor } from "../words";

/** What a part has read, and how to read it again. */
export interface Part<Value> {
  load: Load<Value>;
  again: () => void;
}

interface SectionProps {
  title: string;
  /** One sentence: what it is about. */
  about: ReactNode;
  testId: string;
  /** Takes the focus when what had it is gone. */
  heading?: RefObject<HTMLHeadingElement | null>;
  children: ReactNode;
}

/** A card of the account page. */
export function Section({ title, about, testId, heading, children }: SectionProps) {
  const id = useId();
  return (
    <section className="section" aria-labelledby={id} data-testid={testId}>
      <div className="section-head">
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <p>{about}</p>
      </div>
      <div className="section-body">{children}</div>
    </section>
  );
}

interface LoadedProps<Value> extends Omit<SectionProps, "children"> {
  part: Part<Value>;
  children: (value: Value) => ReactNode;
}

/** A card that shows what was read, or why it could not be, and reads it again. Nothing, where the server has no such thing. */
export function LoadedSection<Value>({ part, children, heading, ...section }: LoadedProps<Value>) {
  const { load, again } = part;
  const own = useRef<HTMLHeadingElement>(null);
  const top = heading ?? own;

  function retry() {
    // The button goes.
    top.current?.focus();
    again();
  }

  if (load.state === "failed" && load.problem.kind === "not-found") return null;
  return (
    <Section {...section} heading={top}>
      {load.state === "ready" ? (
        children(load.value)
      ) : (
        <Failed
          // A second failure is told like the first one.
          key={load.state}
          problem={load.state === "failed" ? load.problem : null}
          onRetry={retry}
        />
      )}
    </Section>
  );
}

/** Why a part is not there; `null` while it is read again. */
function Failed({ problem, onRetry }: { problem: Problem | null; onRetry: () => void }) {
  const [wait] = useWait(problem?.retryAfter ?? 0);
  return (
    <div className="failed" role={problem === null ? "status" : "alert"}>
      {problem === null ? (
        <p>
          <span className="spinner" aria-hidden="true" /> One moment…
        </p>
      ) : (
        <>
          <p>This part could not be loaded. {wordsFor(problem)}</p>
          <button
            className="button quiet small"
            type="button"
            aria-disabled={wait > 0}
            onClick={() => wait > 0 || onRetry()}
          >
            {wait > 0 ? `Try again in ${duration(wait)}` : "Try again"}
          </button>
        </>
      )}
    </div>
  );
}

/** What went well, said where it happened and to screen readers. Its place is there before, or they would not notice. */
export function Notice({ testId, children }: { testId: string; children: string | null }) {
  return (
    <div role="status">
      {children !== null && (
        <p className="done" data-testid={testId}>
          {children}
        </p>
      )}
    </div>
  );
}

/** Gives the focus to what it is given to, once `when` has become true after the first look. */
export function useFocusWhen<Target extends HTMLElement>(when: boolean): Ref<Target> {
  const target = useRef<Target>(null);
  const before = useRef(when);
  useEffect(() => {
    if (when && !before.current) target.current?.focus();
    before.current = when;
  }, [when]);
  return target;
}
