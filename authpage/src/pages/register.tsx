/** Choose the password of a new account, by the link of a registration mail or right after the address was confirmed. */

import { useState } from "react";
import { ProblemError, problemOf } from "../api/problem";
import { register } from "../crypto/opaque";
import { AboutYou } from "../forms/about-you";
import { NewPassword } from "../forms/new-password";
import { useSubmit } from "../forms/use-submit";
import type { Values } from "../forms/values";
import { arrival, navigate } from "../navigation";
import { signInPath } from "../resume";
import { Frame } from "../ui/frame";
import { isLinkGone, LinkGone } from "../ui/link-gone";

export function Register() {
  const submit = useSubmit();
  const [gone, setGone] = useState(false);
  const { token, email } = arrival();

  if (token === undefined || gone) {
    return <LinkGone kind={email === undefined ? "registration" : "sign-up"} missing={token === undefined} />;
  }

  async function chosen(password: string, said: Values) {
    let address: string;
    try {
      address = await register(token ?? "", password, said);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!isLinkGone(problem)) throw new ProblemError(problem);
      setGone(true);
      return "stays" as const;
    }
    navigate(await signInPath(), { replace: true, arrival: { email: address, done: "registered" } });
    return "leaves" as const;
  }

  return (
    <Frame
      title="Choose your password"
      lead={email === undefined ? "Welcome! One step is left." : "Your address is confirmed."}
    >
      <NewPassword
        submit={submit}
        email={email ?? ""}
        passwordTestId="register-password"
        submitTestId="register-submit"
        label="Create my account"
        busyLabel="Creating your account…"
        onChosen={chosen}
      >
        <AboutYou problem={submit.problem} />
      </NewPassword>
    </Frame>
  );
}
