/** Sign up: asks for the address and sends a link there. */

import { signUp } from "../api/routes";
import { MailLink } from "../forms/mail-link";

export function SignUp() {
  return (
    <MailLink
      title="Create an account"
      lead="It begins with your e-mail address."
      hint="We send a link there, to see that the address is yours."
      back="I have an account: sign in"
      purpose="Open the link in it to choose your password."
      emailTestId="signup-email"
      submitTestId="signup-submit"
      ask={signUp}
    />
  );
}
