/** Choose the password of a new account. */

import { useState } from "react";
import { ProblemError, problemOf } from "../api/problem";
import { register } from "../crypto/opaque";
import { NewPassword } from "../forms/new-password";
import { useSubmit } from "../forms/use-submit";
import { arrival, navigate } from "../navigation";
import { signInPath } from "../resume";
import { Frame } from "../ui/frame";
import { isLinkGone, LinkGone } from "../ui/link-gone";

export function Register() {
  const submit = useSubmit();
  const [gone, setGone] = useState(false);
  const { token, email = "" } = arrival();

  if (token === undefined || gone) return <LinkGone kind="sign-up" missing={token === undefined} />;

  async function chosen(password: string) {
    try {
      await register(token ?? "", password);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!isLinkGone(problem)) throw new ProblemError(problem);
      setGone(true);
      return "stays" as const;
    }
    navigate(await signInPath(), { replace: true, arrival: { email, done: "registered" } });
    return "leaves" as const;
  }

  return (
    <Frame title="Choose your password" lead="Your address is confirmed.">
      <NewPassword
        submit={submit}
        email={email}
        passwordTestId="register-password"
        submitTestId="register-submit"
        label="Create my account"
        busyLabel="Creating your account…"
        onChosen={chosen}
      />
    </Frame>
  );
}
