/** Forgotten password: asks for the address and sends a link there. */

import { requestReset } from "../api/routes";
import { MailLink } from "../forms/mail-link";

export function Forgot() {
  return (
    <MailLink
      title="Forgotten password"
      lead="Choose a new one by a link in your mail."
      hint="Nobody can tell you the old password: the server does not know it."
      back="Back to sign in"
      purpose="If there is an account with this address, it holds a link to choose a new password."
      emailTestId="reset-email"
      submitTestId="reset-submit"
      ask={requestReset}
    />
  );
}
