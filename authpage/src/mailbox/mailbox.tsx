/** The mailbox of dev mode: what the server would have sent, newest first, kept fresh. */

import { useEffect, useState } from "react";
import { get } from "../api/request";
import { Mark } from "../ui/mark";
import { linkify } from "./linkify";

interface Mail {
  id: string | number;
  to: string;
  subject: string;
  text: string;
  /** Milliseconds since 1970. */
  sent_at: number;
}

const EVERY_MS = 2000;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

export function Mailbox() {
  const [mails, setMails] = useState<Mail[] | null>(null);
  const [lost, setLost] = useState(false);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let stopped = false;
    async function look() {
      if (!document.hidden) {
        try {
          setMails(await get<Mail[]>("/dev/mailbox.json"));
          setLost(false);
        } catch {
          setLost(true);
        }
      }
      if (!stopped) timer = setTimeout(look, EVERY_MS);
    }
    void look();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, []);

  return (
    <div className="mailbox">
      <header className="brand">
        <Mark />
        <span>Mailbox of this dev server</span>
      </header>
      <main>
        <h1>Mail</h1>
        <p className="lead" role="status">
          {lost ? "The server does not answer. Trying again…" : summary(mails)}
        </p>
        {mails?.map((mail) => (
          <Letter key={mail.id} mail={mail} />
        ))}
      </main>
      {(mails !== null || lost) && (
        <footer className="links">
          <a href="/demo/">Demo application</a>
          <a href="/">Front page</a>
        </footer>
      )}
    </div>
  );
}

function summary(mails: Mail[] | null): string {
  if (mails === null) return "";
  if (mails.length === 0) return "Nothing yet. What the server sends appears here by itself.";
  return mails.length === 1 ? "1 mail" : `${mails.length} mails, the newest first`;
}

function Letter({ mail }: { mail: Mail }) {
  return (
    <article className="letter" data-testid="mail">
      <h2>{mail.subject}</h2>
      <p className="envelope">
        to <span className="address">{mail.to}</span>, {TIME.format(mail.sent_at)}
      </p>
      <p className="text">
        {linkify(mail.text).map((stretch, index) =>
          stretch.link ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: the text of a mail does not change
            <a key={index} href={stretch.text} data-testid="mail-link">
              {stretch.text}
            </a>
          ) : (
            stretch.text
          ),
        )}
      </p>
    </article>
  );
}
