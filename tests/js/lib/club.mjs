/** A club: the server as operators run it, with a real SMTP server behind it, under whatever policy. */

import { eventually, startServe } from "./server.mjs";
import { startSmtp } from "./smtp.mjs";

/** The mail server knows nobody of this name. */
export const REFUSED = "gone@example.org";

/** Starts it. `env` holds more `COUNTERSIGN_…` variables. */
export async function startClub(env = {}) {
  const smtp = await startSmtp(REFUSED);
  const server = await startServe(smtp, {
    COUNTERSIGN_DEFINE__REALM: "Rowing club",
    COUNTERSIGN_LIMITS__MAIL_ADDRESS__BURST: "100",
    ...env,
  });
  return new Club(server, smtp);
}

/** A running club. */
class Club {
  constructor(server, smtp) {
    Object.assign(this, { server, smtp, issuer: server.issuer });
  }

  /** An absolute URL. */
  url(path) {
    return this.server.url(path);
  }

  /** Runs another command on the same database, beside the server, and gives the JSON that it prints. */
  command(...args) {
    return this.server.command(...args);
  }

  /** Makes an account on the command line, with these scopes. */
  async addPerson(email, password, ...scopes) {
    const { id } = await this.server.commandWith(password, "user", "add", email, "--password-stdin");
    const given = scopes.flatMap((scope) => ["--add", scope]);
    if (given.length > 0) await this.command("user", "scope", email, ...given);
    return { id, email, password };
  }

  /** Waits for mail number `count` to `address` with a link to `path` in it, and gives the link. */
  mailedLink(address, path, count = 1) {
    const pattern = new RegExp(`${this.issuer}${path}#[\\w-]+`);
    return eventually(`mail ${count} to ${address} with a link to ${path}`, () => {
      const mails = this.smtp.mails(address).toReversed();
      return mails.flatMap(({ text }) => pattern.exec(text)?.[0] ?? [])[count - 1];
    });
  }

  /** Stops it as an operator does. */
  async stop() {
    await this.server.stop();
    await this.smtp.close();
  }
}
