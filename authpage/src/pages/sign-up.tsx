/** Sign up: asks for the address and sends a link there. */

import { useState } from "react";
import * as api from "../api/routes";
import { EmailForm } from "../forms/email-form";
import { useSubmit } from "../forms/use-submit";
import { arrival, Link, query } from "../navigation";
import { rememberFlow } from "../resume";
import { withFlow } from "../routes";
import { Frame } from "../ui/frame";
import { MailSent } from "../ui/mail-sent";

export function SignUp() {
  const submit = useSubmit();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [last, setLast] = useState(arrival().email ?? "");
  const flowId = query("flow_id");

  async function send(email: string) {
    await api.signUp(email);
    rememberFlow(flowId);
    setLast(email);
    setSentTo(email);
    return "stays" as const;
  }

  if (sentTo !== null) {
    return (
      <MailSent
        email={sentTo}
        purpose="Open the link in it to choose your password."
        backTo={withFlow("/login/", flowId)}
        onOther={() => setSentTo(null)}
      />
    );
  }
  return (
    <Frame
      key="form"
      title="Create an account"
      lead="It begins with your e-mail address"
      links={<Link href={withFlow("/login/", flowId)}>I have an account: sign in</Link>}
    >
      <EmailForm
        submit={submit}
        initial={last}
        emailTestId="signup-email"
        submitTestId="signup-submit"
        label="Send me the link"
        hint="We send a link there, to see that the address is yours."
        onEmail={send}
      />
    </Frame>
  );
}
