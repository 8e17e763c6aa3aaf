/** A real SMTP server, and the mails that came, read by a real mail parser: npm `smtp-server` and `mailparser`. */

import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** Starts it on a free port. Mail to the address `refused` it does not take. */
export async function startSmtp(refused) {
  const letters = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onRcptTo({ address }, _session, done) {
      const gone = Object.assign(new Error("5.1.1 no such user"), { responseCode: 550 });
      done(address === refused ? gone : undefined);
    },
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        letters.push({ mail, to: session.envelope.rcptTo.map(({ address }) => address) });
        done();
      }, done);
    },
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.server.address();
  return {
    url: `smtp://127.0.0.1:${port}`,
    /** What came for `address`, newest first. */
    mails: (address) => letters.filter(({ to }) => to.includes(address)).map(({ mail }) => mail).reverse(),
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
