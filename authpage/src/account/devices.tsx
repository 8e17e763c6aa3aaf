/** Where one is signed in, and the end of that. */

import { useRef, useState } from "react";
import { problemOf } from "../api/problem";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Slot } from "../ui/slot";
import { deviceOf } from "./agent";
import { endDevice, endOtherDevices, type SignedIn } from "./api";
import { LoadedSection, Notice, type Part } from "./section";
import { moment } from "./times";

/** Of longer lists only so many are shown at first. */
const FEW = 5;

export function Devices({ part }: { part: Part<SignedIn[]> }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const [notice, setNotice] = useState<string | null>(null);

  function ended(words: string) {
    setNotice(words);
    heading.current?.focus();
    part.again();
  }

  return (
    <LoadedSection
      part={part}
      title="Devices"
      about="Browsers in which you are signed in. Sign out what you do not know, and change your password then."
      testId="account-devices"
      heading={heading}
    >
      {(devices) => (
        <>
          <Notice testId="devices-notice">{notice}</Notice>
          <List devices={devices} onEnded={ended} />
        </>
      )}
    </LoadedSection>
  );
}

function List({ devices, onEnded }: { devices: SignedIn[]; onEnded: (words: string) => void }) {
  const [all, setAll] = useState(false);
  const submit = useSubmit();
  // The one that is looked at first, then as the server lists them: the newest first.
  const sorted = [...devices].sort((a, b) => Number(b.current) - Number(a.current));
  const shown = all ? sorted : sorted.slice(0, FEW);

  async function endOthers() {
    const { ended } = await endOtherDevices();
    onEnded(ended === 1 ? "One other device is signed out." : `${ended} other devices are signed out.`);
    return "stays" as const;
  }

  return (
    <>
      <ul className="items">
        {shown.map((device) => (
          <Row key={device.sid} device={device} onEnded={onEnded} />
        ))}
      </ul>
      {submit.problem !== null && <Slot id="devices-slot" testId="devices-error" problem={submit.problem} />}
      {sorted.length > 1 && (
        <div className="form-actions">
          <SubmitButton
            quiet
            small
            submit={submit}
            testId="devices-end-others"
            label="Sign out everywhere else"
            busyLabel="Signing out…"
            onClick={() => submit.run(endOthers)}
          />
          {sorted.length > FEW && (
            <button className="button quiet small" type="button" onClick={() => setAll(!all)}>
              {all ? "Show fewer" : `Show all ${sorted.length}`}
            </button>
          )}
        </div>
      )}
    </>
  );
}

function Row({ device, onEnded }: { device: SignedIn; onEnded: (words: string) => void }) {
  const submit = useSubmit();
  const { words, handheld } = deviceOf(device.agent);

  async function end() {
    await endDevice(device.sid).catch((thrown: unknown) => {
      // It has ended by itself meanwhile.
      if (problemOf(thrown).kind !== "not-found") throw thrown;
    });
    onEnded(`${words} is signed out.`);
    // The row goes with the next reading.
    return "leaves" as const;
  }

  return (
    <li className="item" data-testid={device.current ? "device-current" : "device"}>
      <div className="item-line">
        <DeviceIcon handheld={handheld} />
        <div className="item-words">
          <p className="item-title">
            {words} {device.current && <span className="badge">This browser</span>}
          </p>
          <p className="item-more">
            {device.current ? "" : `Last used ${moment(device.last_used_at)} · `}
            Signed in {moment(device.authenticated_at)}
          </p>
        </div>
        {!device.current && (
          <SubmitButton
            quiet
            small
            submit={submit}
            testId="device-end"
            label="Sign out"
            about={` ${words}, signed in ${moment(device.authenticated_at)}`}
            busyLabel="Signing out…"
            onClick={() => submit.run(end)}
          />
        )}
      </div>
      {submit.problem !== null && (
        <Slot id={`device-slot-${device.sid}`} testId="device-error" problem={submit.problem} />
      )}
    </li>
  );
}

function DeviceIcon({ handheld }: { handheld: boolean }) {
  return (
    <svg className="item-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {handheld ? (
        <path d="M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2" />
      ) : (
        <path d="M4.5 5h15A1.5 1.5 0 0 1 21 6.5v8a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 14.5v-8A1.5 1.5 0 0 1 4.5 5zM9 20h6M12 16v4" />
      )}
    </svg>
  );
}
