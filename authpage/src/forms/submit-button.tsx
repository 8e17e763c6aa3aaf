/** The button that does what a form is for. It keeps the focus and its place while it works or waits. */

import { duration } from "../words";
import type { Submit } from "./use-submit";

interface SubmitButtonProps {
  submit: Submit;
  testId: string;
  label: string;
  /** The label while it works: "Signing in…". */
  busyLabel: string;
  /** For a button outside of a form. */
  onClick?: () => void;
  /** Not the first choice of the page. */
  quiet?: boolean;
  /** What it does cannot be undone. */
  danger?: boolean;
}

/** Shows `label`, what is being done, or how long to wait. */
export function SubmitButton({
  submit,
  testId,
  label,
  busyLabel,
  onClick,
  quiet,
  danger,
}: SubmitButtonProps) {
  const { busy, wait } = submit;
  return (
    <>
      <button
        className={quiet ? "button quiet" : danger ? "button danger" : "button"}
        type={onClick ? "button" : "submit"}
        data-testid={testId}
        aria-disabled={busy || wait > 0}
        {...(onClick ? { onClick } : {})}
      >
        {busy && <span className="spinner" aria-hidden="true" />}
        {busy ? busyLabel : wait > 0 ? `Try again in ${duration(wait)}` : label}
      </button>
      <span className="visually-hidden" role="status">
        {busy ? busyLabel : ""}
      </span>
    </>
  );
}
