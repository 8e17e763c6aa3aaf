/** A question in front of the page. The browser keeps the focus inside, closes it by Escape, and gives the focus back. */

import { type ReactNode, useId, useLayoutEffect, useRef } from "react";

interface DialogProps {
  title: string;
  testId: string;
  /** Something is being done that cannot be taken back by closing. */
  busy?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** Open as long as it is there. It begins at its first field, else at what is marked with `data-first`. */
export function Dialog({ title, testId, busy = false, onClose, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const titleId = useId();

  useLayoutEffect(() => {
    const dialog = box.current;
    dialog?.showModal();
    dialog?.querySelector<HTMLElement>("input, textarea, [data-first]")?.focus();
    return () => dialog?.close();
  }, []);

  return (
    <dialog
      className="dialog"
      ref={box}
      aria-labelledby={titleId}
      data-testid={testId}
      onCancel={(event) => {
        if (busy) event.preventDefault();
      }}
      onClose={onClose}
    >
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}
