/** A dialog that asks before something is done which people may regret. */

import type { ReactNode } from "react";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Dialog } from "./dialog";
import { Slot } from "./slot";

interface QuestionProps {
  title: string;
  /** Begins the `data-testid`s of the dialog and its buttons. */
  testId: string;
  /** What will happen. */
  children: ReactNode;
  /** What the button says that does it, and while it does. */
  label: string;
  busyLabel: string;
  /** It can be undone as easily as it was done. */
  harmless?: boolean;
  /** Does it; the dialog shows a failure, and is closed by whoever opened it. */
  act: () => Promise<unknown>;
  onDone: () => void;
  onClose: () => void;
}

/** The focus begins at the way out. */
export function Question({
  title,
  testId,
  children,
  label,
  busyLabel,
  harmless,
  act,
  onDone,
  onClose,
}: QuestionProps) {
  const submit = useSubmit();

  async function yes() {
    await act();
    onDone();
    return "leaves" as const;
  }

  return (
    <Dialog title={title} testId={testId} busy={submit.busy} onClose={onClose}>
      <div className="prose">{children}</div>
      <Slot id={`${testId}-slot`} testId={`${testId}-error`} problem={submit.problem} />
      <div className="actions pair">
        <SubmitButton
          danger={!harmless}
          submit={submit}
          testId={`${testId}-yes`}
          label={label}
          busyLabel={busyLabel}
          onClick={() => submit.run(yes)}
        />
        <button
          className="button quiet"
          type="button"
          data-first
          data-testid={`${testId}-no`}
          onClick={() => submit.busy || onClose()}
        >
          Cancel
        </button>
      </div>
    </Dialog>
  );
}
