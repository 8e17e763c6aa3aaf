/** A field with its label. Inputs carry no names: only what the page's own code takes out of them is ever sent. */

import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from "react";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: ReactNode;
  ref?: Ref<HTMLInputElement>;
  /** The id of what explains the field, or says what is wrong with it. */
  describedBy?: string | undefined;
  invalid?: boolean;
  /** What stands inside the field's right edge. */
  aside?: ReactNode;
}

/** A labelled text field. */
export function Field({ label, ref, describedBy, invalid, aside, ...input }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="input">
        <input
          id={id}
          ref={ref}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          aria-invalid={invalid || undefined}
          aria-describedby={describedBy}
          {...input}
        />
        {aside}
      </div>
    </div>
  );
}

/**
 * The field for an e-mail address. Its type is `text`, for `email` makes some browsers rewrite the domain that was typed;
 * the keyboard with the `@` comes by `inputMode`.
 */
export function EmailField({ label = "E-mail address", ...field }: Partial<FieldProps>) {
  return <Field type="text" inputMode="email" maxLength={254} label={label} required {...field} />;
}
