/** Asking for another address: a mail goes there, and its link goes on at `/email/`. */

import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { emailSlip } from "../forms/email";
import { EmailField } from "../forms/field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { askNewAddress } from "./api";

interface ChangeEmailProps {
  email: string;
  onClose: (done?: string) => void;
}

export function ChangeEmail({ email, onClose }: ChangeEmailProps) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<string | null>(null);
  const [sentTo, setSentTo] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const sent = useRef<HTMLParagraphElement>(null);
  const slotId = useId();

  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    if (sentTo !== null) sent.current?.focus();
  }, [sentTo]);

  function slipOf(address: string): string | null {
    if (address.toLowerCase() === email.toLowerCase()) return "That is your address already.";
    return emailSlip(address);
  }

  function send(event: FormEvent) {
    event.preventDefault();
    const address = input.current?.value.trim() ?? "";
    const found = slipOf(address);
    setSlip(found);
    if (found !== null) {
      input.current?.focus();
      return;
    }
    submit.run(async () => {
      await askNewAddress(address);
      setSentTo(address);
      return "stays";
    });
  }

  if (sentTo !== null) {
    return (
      <div className="prose" data-testid="email-sent">
        <p ref={sent} tabIndex={-1}>
          We have sent a mail to <strong className="address">{sentTo}</strong>. Open the link in it within the
          hour; until then you sign in as before.
        </p>
        <p>It may take a minute. If it does not come, look among the unwanted mail.</p>
        <div className="form-actions">
          <button className="button quiet small" type="button" onClick={() => onClose()}>
            Close
          </button>
        </div>
      </div>
    );
  }
  return (
    <form method="post" noValidate onSubmit={send}>
      <EmailField
        ref={input}
        label="New e-mail address"
        autoComplete="email"
        data-testid="email-new"
        describedBy={slotId}
        invalid={slip !== null || submit.problem?.field === "new_email"}
        onInput={() => setSlip(null)}
      />
      <Slot id={slotId} testId="email-error" problem={submit.problem} slip={slip}>
        We send a link there. Your password stays the same; everything else that is signed in will be signed
        out.
      </Slot>
      <div className="form-actions">
        <SubmitButton
          small
          submit={submit}
          testId="email-submit"
          label="Send me the link"
          busyLabel="Sending…"
        />
        <button
          className="button quiet small"
          type="button"
          data-testid="email-cancel"
          onClick={() => submit.busy || onClose()}
        >
          Cancel
        </button>
      </div>
    </form>
  );
}
