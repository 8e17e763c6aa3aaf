/** A part of a form that most people pass by. */

import { type ReactNode, useEffect, useRef } from "react";

interface FoldProps {
  title: string;
  /** Something in it needs a look: it opens. */
  open?: boolean;
  testId?: string;
  children: ReactNode;
}

/** Folded away until somebody opens it. */
export function Fold({ title, open = false, testId, children }: FoldProps) {
  const box = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (open && box.current !== null) box.current.open = true;
  }, [open]);
  return (
    <details className="fold" ref={box} data-testid={testId}>
      <summary>{title}</summary>
      <div className="fold-body">{children}</div>
    </details>
  );
}
