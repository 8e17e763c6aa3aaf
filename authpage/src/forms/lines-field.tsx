/** A field of several lines, one entry a line. */

import { type ReactNode, type Ref, type TextareaHTMLAttributes, useId } from "react";

interface LinesFieldProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  label: ReactNode;
  hint?: ReactNode;
  ref?: Ref<HTMLTextAreaElement>;
  invalid?: boolean;
}

/** A labelled field that grows with what stands in it. */
export function LinesField({ label, hint, ref, invalid, ...area }: LinesFieldProps) {
  const id = useId();
  const hintId = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="input">
        <textarea
          id={id}
          ref={ref}
          rows={2}
          autoCapitalize="none"
          autoCorrect="off"
          autoComplete="off"
          spellCheck={false}
          aria-invalid={invalid || undefined}
          aria-describedby={hint === undefined ? undefined : hintId}
          {...area}
        />
      </div>
      {hint !== undefined && (
        <p className="hint below" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}
