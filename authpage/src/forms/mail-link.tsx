/** A page that asks for an e-mail address, has a link sent there, and says so: sign-up and forgotten password. */

import { type ReactNode, useState } from "react";
import { readFlow } from "../api/routes";
import { Link, query } from "../navigation";
import { rememberFlow } from "../resume";
import { withFlow } from "../routes";
import { Frame } from "../ui/frame";
import { EmailForm } from "./email-form";
import { type Submit, useSubmit } from "./use-submit";
import type { Values } from "./values";

interface MailLinkProps {
  title: string;
  lead: string;
  hint: string;
  /** The text of the link back to the sign-in page. */
  back: string;
  /** What the mail is for. It must not tell whether the address is known. */
  purpose: string;
  emailTestId: string;
  submitTestId: string;
  /** Asks the server to send. */
  ask: (email: string, more: Values, locales: string | null) => Promise<unknown>;
  /** More fields, below the address; `said` is what stood in them before. */
  more?: (submit: Submit, said: Values) => ReactNode;
}

export function MailLink(props: MailLinkProps) {
  const submit = useSubmit();
  const [email, setEmail] = useState("");
  const [said, setSaid] = useState<Values>({});
  const [sent, setSent] = useState(false);
  const flowId = query("flow_id");
  const signIn = withFlow("/login/", flowId);

  async function send(address: string, more: Values) {
    // The application may have asked for a language. One that cannot be learnt now keeps no mail back.
    const flow = flowId === null ? null : await readFlow(flowId).catch(() => null);
    await props.ask(address, more, flow?.ui_locales ?? null);
    rememberFlow(flowId);
    setEmail(address);
    setSaid(more);
    setSent(true);
    return "stays" as const;
  }

  if (sent) {
    return (
      <Frame key="sent" title="Check your mail" links={<Link href={signIn}>Back to sign in</Link>}>
        <div className="prose" data-testid="mail-sent">
          <p>
            We have sent a mail to <strong className="address">{email}</strong>.
          </p>
          <p>{props.purpose}</p>
          <p>It may take a minute. If it does not come, look among the unwanted mail.</p>
        </div>
        <div className="actions">
          <button className="button quiet" type="button" onClick={() => setSent(false)}>
            Send again
          </button>
        </div>
      </Frame>
    );
  }
  return (
    <Frame key="form" title={props.title} lead={props.lead} links={<Link href={signIn}>{props.back}</Link>}>
      <EmailForm
        submit={submit}
        initial={email}
        emailTestId={props.emailTestId}
        submitTestId={props.submitTestId}
        label="Send me the link"
        hint={props.hint}
        onEmail={send}
      >
        {props.more?.(submit, said)}
      </EmailForm>
    </Frame>
  );
}
