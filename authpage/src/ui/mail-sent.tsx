/** What is shown once a mail is on its way; the same whether or not the address was known. */

import { Link } from "../navigation";
import { Frame } from "./frame";

interface MailSentProps {
  email: string;
  /** What the mail is for. */
  purpose: string;
  backTo: string;
  /** Goes back to the form. */
  onOther: () => void;
}

export function MailSent({ email, purpose, backTo, onOther }: MailSentProps) {
  return (
    <Frame key="sent" title="Check your mail" links={<Link href={backTo}>Back to sign in</Link>}>
      <div className="prose" data-testid="mail-sent">
        <p>
          We have sent a mail to <strong className="address">{email}</strong>.
        </p>
        <p>{purpose}</p>
        <p>It may take a minute. If it does not come, look among the unwanted mail.</p>
      </div>
      <div className="actions">
        <button className="button quiet" type="button" onClick={onOther}>
          Send again, or to another address
        </button>
      </div>
    </Frame>
  );
}
