/** Connect a device: a person types the code that it shows, sees what it asks for, and says yes or no (RFC 8628 §3.3). */

import { type FormEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { type Problem, ProblemError, problemOf } from "../api/problem";
import { decideDevice, readDevice, signOut, type Device as Waiting } from "../api/routes";
import { Field } from "../forms/field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { navigate, query } from "../navigation";
import { withUserCode } from "../routes";
import { scopeWords } from "../scopes";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { Interrupted } from "../ui/stopped";
import { useLoad } from "../use-load";

const NO_SUCH_CODE = "No device is waiting with this code. Check it, or let the device show a new one.";

type Outcome = "allowed" | "denied";

/** A code in the address (from a picture that the device shows) is looked up at once, but never decided about. */
export function Device() {
  const given = query("user_code");
  const [device, setDevice] = useState<Waiting | null>(null);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const read = useCallback(async () => (given === null ? null : readDevice(given)), [given]);
  const [load, retry] = useLoad(read);

  const problem = load.state === "failed" ? load.problem : null;
  const signedOut = problem?.kind === "invalid-credentials";
  useEffect(() => {
    if (signedOut) navigate(withUserCode("/login/", given), { replace: true });
  }, [signedOut, given]);

  if (outcome !== null) return <Done outcome={outcome} device={device} />;
  const found = device ?? (load.state === "ready" ? load.value : null);
  if (found !== null) {
    return (
      <Question
        device={found}
        onDone={(done) => {
          setDevice(found);
          setOutcome(done);
        }}
      />
    );
  }
  if (problem !== null && !signedOut && problem.kind !== "expired") {
    return <Interrupted problem={problem} onRetry={retry} />;
  }
  return (
    <Form
      given={given}
      unknown={problem?.kind === "expired"}
      pending={load.state === "loading"}
      onDevice={setDevice}
    />
  );
}

interface FormProps {
  given: string | null;
  /** The code in the address was not right. */
  unknown: boolean;
  pending: boolean;
  onDevice: (device: Waiting) => void;
}

function Form({ given, unknown, pending, onDevice }: FormProps) {
  const submit = useSubmit();
  const [slip, setSlip] = useState<string | null>(null);
  const code = useRef<HTMLInputElement>(null);
  const slotId = useId();

  async function look(typed: string) {
    try {
      onDevice(await readDevice(typed));
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind === "invalid-credentials") {
        navigate(withUserCode("/login/", typed));
        return "leaves" as const;
      }
      if (problem.kind !== "expired") throw new ProblemError(problem);
      setSlip(NO_SUCH_CODE);
      code.current?.focus();
    }
    return "stays" as const;
  }

  function send(event: FormEvent) {
    event.preventDefault();
    const typed = code.current?.value.trim() ?? "";
    if (typed === "") {
      setSlip("Please enter the code that your device shows.");
      code.current?.focus();
      return;
    }
    setSlip(null);
    submit.run(() => look(typed));
  }

  return (
    <Frame
      key="form"
      title="Connect a device"
      lead="Enter the code that your device shows."
      pending={pending}
    >
      <form method="post" noValidate onSubmit={send}>
        <Field
          ref={code}
          type="text"
          label="Code"
          defaultValue={given ?? ""}
          autoComplete="off"
          maxLength={32}
          required
          data-testid="device-user-code"
          describedBy={slotId}
          invalid={slip !== null}
          onInput={() => setSlip(null)}
        />
        <Slot
          id={slotId}
          testId="device-error"
          problem={submit.problem}
          slip={slip ?? (unknown && submit.problem === null ? NO_SUCH_CODE : null)}
        >
          Only go on if you started this yourself.
        </Slot>
        <SubmitButton submit={submit} testId="device-submit" label="Continue" busyLabel="Looking…" />
      </form>
    </Frame>
  );
}

function Question({ device, onDone }: { device: Waiting; onDone: (outcome: Outcome) => void }) {
  const allowing = useSubmit();
  const denying = useSubmit();
  const switching = useSubmit();
  const busy = allowing.busy || denying.busy || switching.busy;
  const problem: Problem | null = allowing.problem ?? denying.problem ?? switching.problem;

  async function decide(decision: "allow" | "deny") {
    await decideDevice(device.user_code, decision);
    onDone(decision === "allow" ? "allowed" : "denied");
    return "leaves" as const;
  }

  async function switchAccount() {
    await signOut();
    navigate(withUserCode("/login/", device.user_code));
    return "leaves" as const;
  }

  return (
    <Frame
      key="question"
      title="Allow this device?"
      lead={
        <>
          <strong>{device.client.name}</strong> on a device would like to:
        </>
      }
    >
      <div className="consent">
        <ul className="scopes">
          {device.scopes.map((scope) => (
            <li key={scope}>{scopeWords(scope) ?? <code>{scope}</code>}</li>
          ))}
        </ul>
        <p className="who">
          The device must show <strong data-testid="device-code-shown">{device.user_code}</strong>.
        </p>
        <p className="who">
          Signed in as <strong className="address">{device.signed_in_as}</strong>.{" "}
          <button className="inline" type="button" onClick={() => busy || switching.run(switchAccount)}>
            Not you?
          </button>
        </p>
      </div>
      <Slot id="device-slot" testId="device-error" problem={problem}>
        Do not allow it if somebody else sent you this code.
      </Slot>
      <div className="actions pair">
        <SubmitButton
          submit={allowing}
          testId="device-allow"
          label="Allow"
          busyLabel="Allowing…"
          onClick={() => busy || allowing.run(() => decide("allow"))}
        />
        <SubmitButton
          quiet
          submit={denying}
          testId="device-deny"
          label="Do not allow"
          busyLabel="Refusing…"
          onClick={() => busy || denying.run(() => decide("deny"))}
        />
      </div>
    </Frame>
  );
}

function Done({ outcome, device }: { outcome: Outcome; device: Waiting | null }) {
  const name = device?.client.name;
  return (
    <Frame key="done" title={outcome === "allowed" ? "Device connected" : "Not allowed"}>
      <div className="prose" data-testid="device-done">
        {outcome === "allowed" ? (
          <p>
            <strong>{name}</strong> goes on by itself in a moment. This page may be closed.
          </p>
        ) : (
          <p>
            <strong>{name}</strong> got nothing. This page may be closed.
          </p>
        )}
      </div>
    </Frame>
  );
}
