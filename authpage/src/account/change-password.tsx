/** Another password for whoever is signed in: a login with the current one, made for this change, and then the new one. */

import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { ProblemError, problemOf } from "../api/problem";
import { prefetchOpaque, resetPassword, signIn } from "../crypto/opaque";
import { EmailField } from "../forms/field";
import { PasswordField, type PasswordHandle } from "../forms/password-field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { adviceFor, Meter } from "../password/meter";
import { prefetchJudge, useStrength } from "../password/use-strength";
import { Slot } from "../ui/slot";
import { askPasswordChange } from "./api";

interface ChangePasswordProps {
  email: string;
  onChanged: () => void;
  onClose: () => void;
}

export function ChangePassword({ email, onChanged, onClose }: ChangePasswordProps) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<{ field: "current" | "new"; words: string } | null>(null);
  const [length, setLength] = useState(0);
  const current = useRef<PasswordHandle>(null);
  const chosen = useRef<PasswordHandle>(null);
  const { strength, judge } = useStrength(email);
  const meterId = useId();
  const slotId = useId();

  useEffect(() => current.current?.focus(), []);

  function wrong(field: "current" | "new", words: string) {
    setSlip({ field, words });
    (field === "current" ? current : chosen).current?.focus();
    return "stays" as const;
  }

  async function change() {
    const [before, after] = [current.current?.value() ?? "", chosen.current?.value() ?? ""];
    if (before === "") return wrong("current", "Please enter your current password.");
    const judged = await judge(after).catch(() => {
      throw new ProblemError({ kind: "not-loaded" });
    });
    if (judged.score === 0) return wrong("new", `Please choose another password. ${adviceFor(judged)}`);
    if (before === after) return wrong("new", "That is your current password. Please choose another one.");
    current.current?.cover();
    chosen.current?.cover();
    const { flow_id } = await askPasswordChange();
    try {
      await signIn(email, before, flow_id);
    } catch (thrown) {
      if (problemOf(thrown).kind !== "invalid-credentials") throw thrown;
      return wrong("current", "That is not your current password. Please try again.");
    }
    await resetPassword(flow_id, after);
    onChanged();
    return "stays" as const;
  }

  function send(event: FormEvent) {
    event.preventDefault();
    submit.run(change);
  }

  function typed(value: string) {
    setLength(value.length);
    setSlip(null);
    // A judgement that cannot be loaded now is asked for again, and its failure told, when the form is sent.
    judge(value).catch(() => undefined);
  }

  return (
    <form
      method="post"
      noValidate
      onSubmit={send}
      onFocus={() => {
        prefetchJudge();
        prefetchOpaque();
      }}
    >
      {/* For password managers, which keep a password together with the name that it is for. */}
      <div hidden>
        <EmailField label="Account" defaultValue={email} readOnly autoComplete="username" />
      </div>
      <PasswordField
        label="Current password"
        autoComplete="current-password"
        handle={current}
        data-testid="password-current"
        describedBy={slip?.field === "current" ? slotId : undefined}
        invalid={slip?.field === "current"}
        onInput={() => setSlip(null)}
      />
      <PasswordField
        label="New password"
        autoComplete="new-password"
        handle={chosen}
        data-testid="password-new"
        describedBy={slip?.field === "new" ? slotId : meterId}
        invalid={slip?.field === "new"}
        onInput={(event) => typed(event.currentTarget.value)}
      />
      <Meter id={meterId} length={length} strength={strength} />
      <Slot id={slotId} testId="password-error" problem={submit.problem} slip={slip?.words ?? null}>
        Everything else that is signed in will be signed out, applications too.
      </Slot>
      <div className="form-actions">
        <SubmitButton
          small
          submit={submit}
          testId="password-submit"
          label="Change my password"
          busyLabel="Changing…"
        />
        <button
          className="button quiet small"
          type="button"
          data-testid="password-cancel"
          onClick={() => submit.busy || onClose()}
        >
          Cancel
        </button>
      </div>
    </form>
  );
}
