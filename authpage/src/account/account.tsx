/** The account page: its parts are read at once, and shown in their order. */

import { type ReactNode, useState } from "react";
import { AdminLink } from "../admin/admin-link";
import { type Session, signOut } from "../api/routes";
import { Entitlements } from "../entitlements/entitlements";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { leaveTo } from "../navigation";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { Interrupted } from "../ui/stopped";
import { type Load, useLoad } from "../use-load";
import * as api from "./api";
import { Applications } from "./applications";
import { Credentials } from "./credentials";
import { Devices } from "./devices";
import { Leaving } from "./leaving";
import { PersonalDetails } from "./personal-details";
import type { Part } from "./section";

export function Account() {
  const [session, retry] = useLoad(api.readSession);
  const profile = usePart(api.readProfile);
  const devices = usePart(api.readDevices);
  const applications = usePart(api.readApplications);
  const subscription = usePart(api.readSubscription);
  const loads = [session, profile.load, devices.load, applications.load, subscription.load];
  const settled = useSettled(loads);

  if (session.state === "failed") return <Interrupted problem={session.problem} onRetry={retry} />;
  const email = session.state === "ready" ? session.value.email : "";

  /** A change of the password has signed out everything else. */
  function passwordChanged() {
    devices.again();
    applications.again();
  }

  const parts: ReactNode[] = [
    <Credentials key="credentials" email={email} onPasswordChanged={passwordChanged} />,
    <PersonalDetails key="profile" part={profile} />,
    <Devices key="devices" part={devices} />,
    <Applications key="applications" part={applications} />,
    <Entitlements key="entitlements" part={subscription} />,
  ];
  const complete = settled === loads.length;
  return (
    <Page session={session.state === "ready" ? session.value : null} pending={settled === 0}>
      {parts.slice(0, settled)}
      {complete && <Leaving />}
      {settled > 0 && !complete && (
        // A new one each time: it takes its place and does not move there.
        <div className="waiting late" key={settled} role="status">
          <span className="spinner" aria-hidden="true" />
          <span className="visually-hidden">Loading the rest</span>
        </div>
      )}
    </Page>
  );
}

function usePart<Value>(read: () => Promise<Value>): Part<Value> {
  const [load, again] = useLoad(read);
  return { load, again };
}

/**
 * How many of `loads` have come, well or not, without one before them missing. What is shown stays; so no part moves
 * another one that comes later.
 */
function useSettled(loads: Load<unknown>[]): number {
  const missing = loads.findIndex((load) => load.state === "loading");
  const now = missing === -1 ? loads.length : missing;
  const [most, setMost] = useState(0);
  if (now > most) setMost(now);
  return Math.max(now, most);
}

interface PageProps {
  session: Session | null;
  pending: boolean;
  children: ReactNode;
}

function Page({ session, pending, children }: PageProps) {
  const leaving = useSubmit();

  async function leave() {
    const { next } = await signOut();
    leaveTo(next);
    return "leaves" as const;
  }

  return (
    <Frame
      wide
      title="Your account"
      pending={pending}
      lead={
        <>
          Signed in as{" "}
          <strong className="address" data-testid="account-email">
            {session?.email}
          </strong>
        </>
      }
      aside={
        pending || (
          <div className="top-actions">
            <AdminLink small session={session} />
            <SubmitButton
              quiet
              small
              submit={leaving}
              testId="account-signout"
              label="Sign out"
              busyLabel="Signing out…"
              onClick={() => leaving.run(leave)}
            />
          </div>
        )
      }
    >
      {leaving.problem !== null && (
        <Slot id="account-slot" testId="account-error" problem={leaving.problem} />
      )}
      {children}
    </Frame>
  );
}
