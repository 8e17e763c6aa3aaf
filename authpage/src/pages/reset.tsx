/** Choose a new password by the link of a reset mail. */

import { useState } from "react";
import { ProblemError, problemOf } from "../api/problem";
import { resetPassword } from "../crypto/opaque";
import { NewPassword } from "../forms/new-password";
import { useSubmit } from "../forms/use-submit";
import { arrival, navigate } from "../navigation";
import { signInPath } from "../resume";
import { Frame } from "../ui/frame";
import { isLinkGone, LinkGone } from "../ui/link-gone";

export function Reset() {
  const submit = useSubmit();
  const [gone, setGone] = useState(false);
  const { token } = arrival();

  if (token === undefined || gone) return <LinkGone kind="reset" missing={token === undefined} />;

  async function chosen(password: string) {
    let email: string;
    try {
      email = await resetPassword(token ?? "", password);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!isLinkGone(problem)) throw new ProblemError(problem);
      setGone(true);
      return "stays" as const;
    }
    navigate(await signInPath(), { replace: true, arrival: { email, done: "password-changed" } });
    return "leaves" as const;
  }

  return (
    <Frame
      title="Choose a new password"
      lead="Everything that was signed in with the old one will be signed out."
    >
      <NewPassword
        submit={submit}
        email=""
        passwordTestId="reset-password"
        submitTestId="reset-password-submit"
        label="Change my password"
        busyLabel="Changing your password…"
        onChosen={chosen}
      />
    </Frame>
  );
}
