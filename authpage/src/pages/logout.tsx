/** Sign out, asked for by an application or opened by hand: nothing ends before the button is pressed. */

import { useState } from "react";
import { ProblemError, problemOf } from "../api/problem";
import { confirmLogout, signOut } from "../api/routes";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { Link, leaveToApplication, query } from "../navigation";
import { Frame } from "../ui/frame";
import { Slot } from "../ui/slot";
import { Stopped } from "../ui/stopped";

export function Logout() {
  const submit = useSubmit();
  const [gone, setGone] = useState(false);
  const logoutId = query("logout_id");

  async function confirm() {
    try {
      const { next } = await (logoutId === null ? signOut() : confirmLogout(logoutId));
      leaveToApplication(next);
      return "leaves" as const;
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (problem.kind !== "expired") throw new ProblemError(problem);
      setGone(true);
      return "stays" as const;
    }
  }

  if (gone) {
    return (
      <Stopped
        title="This sign-out has ended"
        actions={
          <Link className="button" href="/account/">
            Go to your account
          </Link>
        }
      >
        <p>
          It was done already, or it waited too long. Your account page shows whether you are still signed in.
        </p>
      </Stopped>
    );
  }
  return (
    <Frame
      title="Sign out?"
      lead="You will have to sign in again the next time an application asks who you are."
    >
      <Slot id="logout-slot" testId="logout-error" problem={submit.problem} />
      <div className="actions pair">
        <SubmitButton
          submit={submit}
          testId="logout-confirm"
          label="Sign out"
          busyLabel="Signing out…"
          onClick={() => submit.run(confirm)}
        />
        <Link className="button quiet" href="/account/">
          Stay signed in
        </Link>
      </div>
    </Frame>
  );
}
