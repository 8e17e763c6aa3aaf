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
  /** One of many: as wide as its words. */
  small?: boolean;
  /** What it does cannot be undone. */
  danger?: boolean;
  /** What it is about, for whoever does not see where it stands. */
  about?: string;
}

/** Shows `label`, what is being done, or how long to wait. */
export function SubmitButton({
  submit,
  testId,
  label,
  busyLabel,
  onClick,
  about,
  ...look
}: SubmitButtonProps) {
  const { busy, wait } = submit;
  const looks = [
    look.quiet && "quiet",
    look.small && "small",
    look.danger && (look.quiet ? "bad" : "danger"),
  ];
  return (
    <>
      <button
        className={["button", ...looks].filter(Boolean).join(" ")}
        type={onClick ? "button" : "submit"}
        data-testid={testId}
        aria-disabled={busy || wait > 0}
        data-busy={busy || undefined}
        {...(onClick ? { onClick } : {})}
      >
        {busy && <span className="spinner" aria-hidden="true" />}
        {/* A small one keeps its width, and what stands beside it its place: the words stay below the spinner. */}
        <span className="label">
          {wait > 0 ? `Try again in ${duration(wait)}` : busy && !look.small ? busyLabel : label}
        </span>
        {about !== undefined && <span className="visually-hidden">{about}</span>}
      </button>
      <span className="visually-hidden" role="status">
        {busy ? busyLabel : ""}
      </span>
    </>
  );
}
