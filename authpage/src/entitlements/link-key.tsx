/** Linking a key: the page gives a challenge, the application that holds the key signs it. */

import { type FormEvent, useEffect, useRef, useState } from "react";
import { Field } from "../forms/field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { beginLink, type Challenge, finishLink } from "./api";
import { hexOf } from "./words";

/** Two steps: the key, then the signature. */
export function LinkKey({ onLinked }: { onLinked: () => void }) {
  const [challenge, setChallenge] = useState<Challenge | null>(null);
  return challenge === null ? (
    <Step
      label="Public key of your subscription"
      slip="A key has 64 hexadecimal digits. Your application shows it."
      bytes={32}
      hint="Link a subscription that you have in an application to this account."
      button="Link a key"
      testId="entitlements-key"
      onValue={async (key) => setChallenge(await beginLink(key))}
    />
  ) : (
    <>
      <p>Let your application sign this, and enter the signature:</p>
      <pre className="challenge" data-testid="entitlements-challenge">
        {JSON.stringify(challenge, null, 2)}
      </pre>
      <Step
        label="Signature"
        slip="A signature has 128 hexadecimal digits."
        bytes={64}
        hint="The challenge is good for five minutes."
        button="Link"
        testId="entitlements-signature"
        follows
        onValue={async (signature) => {
          await finishLink(challenge.nonce, signature);
          onLinked();
        }}
      />
    </>
  );
}

interface StepProps {
  label: string;
  slip: string;
  bytes: number;
  hint: string;
  button: string;
  testId: string;
  /** It comes after another step, whose focus it takes over. */
  follows?: boolean;
  onValue: (hexadecimal: string) => Promise<void>;
}

function Step({ label, slip, bytes, hint, button, testId, follows, onValue }: StepProps) {
  const submit = useSubmit();
  const [slipped, setSlipped] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const slotId = `${testId}-slot`;

  useEffect(() => {
    if (follows) input.current?.focus();
  }, [follows]);

  function send(event: FormEvent) {
    event.preventDefault();
    const value = hexOf(input.current?.value ?? "", bytes);
    setSlipped(value === null);
    if (value === null) {
      input.current?.focus();
      return;
    }
    submit.run(async () => {
      await onValue(value);
      return "stays";
    });
  }

  return (
    <form method="post" noValidate onSubmit={send}>
      <Field
        ref={input}
        label={label}
        data-testid={testId}
        autoComplete="off"
        describedBy={slotId}
        invalid={slipped}
        onInput={() => setSlipped(false)}
      />
      <Slot id={slotId} testId={`${testId}-error`} problem={submit.problem} slip={slipped ? slip : null}>
        {hint}
      </Slot>
      <div className="form-actions">
        <SubmitButton
          quiet
          small
          submit={submit}
          testId={`${testId}-submit`}
          label={button}
          busyLabel="One moment…"
        />
      </div>
    </form>
  );
}
