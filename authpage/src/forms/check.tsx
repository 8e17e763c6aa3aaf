/** A box to tick, with its label and what it means. */

import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from "react";

interface CheckProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type"> {
  label: ReactNode;
  ref?: Ref<HTMLInputElement>;
  /** What it means, below the label. */
  hint?: ReactNode;
  /** One of several, of which one is chosen. */
  type?: "checkbox" | "radio";
}

/** The whole line can be clicked. */
export function Check({ label, hint, type = "checkbox", ...input }: CheckProps) {
  const id = useId();
  const hintId = useId();
  return (
    <div className="check">
      <input id={id} type={type} aria-describedby={hint === undefined ? undefined : hintId} {...input} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && (
          <p className="hint" id={hintId}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
