/** A password field that can be looked into. */

import { type ComponentProps, useImperativeHandle, useRef, useState } from "react";
import { Field } from "./field";

/** What the page around it can do with a password field. */
export interface PasswordHandle {
  /** The password as typed. */
  value(): string;
  focus(): void;
  /** Covers the password again, so that no browser keeps it as ordinary text. */
  cover(): void;
}

type PasswordFieldProps = Omit<ComponentProps<typeof Field>, "ref" | "type" | "aside" | "autoComplete"> & {
  autoComplete: "current-password" | "new-password";
  handle: React.Ref<PasswordHandle>;
};

/** The field with its switch. */
export function PasswordField({ handle, ...field }: PasswordFieldProps) {
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useImperativeHandle(handle, () => ({
    value: () => input.current?.value ?? "",
    focus: () => input.current?.focus(),
    cover: () => setOpen(false),
  }));
  return (
    <Field
      {...field}
      ref={input}
      type={open ? "text" : "password"}
      required
      aside={
        <button
          className="reveal"
          type="button"
          aria-label={open ? "Hide password" : "Show password"}
          onClick={() => setOpen(!open)}
        >
          {open ? "Hide" : "Show"}
        </button>
      }
    />
  );
}
