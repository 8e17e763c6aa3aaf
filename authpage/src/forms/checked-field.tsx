/** A field of a longer form, with a word of help below it, or with what is wrong with it. */

import type { InputHTMLAttributes } from "react";

interface CheckedFieldProps extends InputHTMLAttributes<HTMLInputElement | HTMLTextAreaElement> {
  id: string;
  label: string;
  hint?: string | undefined;
  /** What is wrong with it. */
  error?: string | undefined;
  /** Has several lines. */
  lines?: boolean | undefined;
  half?: boolean | undefined;
  /** Gets the element, to read from. */
  take: (element: HTMLInputElement | HTMLTextAreaElement | null) => void;
}

/** A labelled field that may stay empty. */
export function CheckedField({ id, label, hint, error, lines, half, take, ...input }: CheckedFieldProps) {
  const says = error ?? hint;
  const common = {
    id,
    ref: take,
    "aria-invalid": error !== undefined || undefined,
    "aria-describedby": says === undefined ? undefined : `${id}-says`,
    ...input,
  };
  return (
    <div className={half ? "field half" : "field"}>
      <label htmlFor={id}>{label}</label>
      <div className="input">{lines ? <textarea rows={2} {...common} /> : <input {...common} />}</div>
      {says !== undefined && (
        <p className={error === undefined ? "hint below" : "field-error"} id={`${id}-says`}>
          {says}
        </p>
      )}
    </div>
  );
}
