/** Forgotten password: asks for the address and sends a link there. */

import { useState } from "react";
import * as api from "../api/routes";
import { EmailForm } from "../forms/email-form";
import { useSubmit } from "../forms/use-submit";
import { arrival, Link, query } from "../navigation";
import { rememberFlow } from "../resume";
import { withFlow } from "../routes";
import { Frame } from "../ui/frame";
import { MailSent } from "../ui/mail-sent";

export function Forgot() {
  const submit = useSubmit();
  const [sentTo, setSentTo] = useState<string | null>(null);
  const [last, setLast] = useState(arrival().email ?? "");
  const flowId = query("flow_id");

  async function send(email: string) {
    await api.requestReset(email);
    rememberFlow(flowId);
    setLast(email);
    setSentTo(email);
    return "stays" as const;
  }

  if (sentTo !== null) {
    return (
      <MailSent
        email={sentTo}
        purpose="If there is an account with this address, it holds a link to choose a new password."
        backTo={withFlow("/login/", flowId)}
        onOther={() => setSentTo(null)}
      />
    );
  }
  return (
    <Frame
      key="form"
      title="Forgotten password"
      lead="Choose a new one by a link in your mail"
      links={<Link href={withFlow("/login/", flowId)}>Back to sign in</Link>}
    >
      <EmailForm
        submit={submit}
        initial={last}
        emailTestId="reset-email"
        submitTestId="reset-submit"
        label="Send me the link"
        hint="Nobody can tell you the old password: the server does not know it."
        onEmail={send}
      />
    </Frame>
  );
}
