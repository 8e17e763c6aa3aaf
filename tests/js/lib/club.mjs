/** A club: the server as operators run it, with a real SMTP server behind it, under whatever policy. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { BINARY, environment, eventually } from "./server.mjs";

/** The mail server knows nobody of this name. */
export const REFUSED = "gone@example.org";

/** A port that is free now: the issuer has to name it before the server is there. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function startSmtp(letters) {
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onRcptTo({ address }, _session, done) {
      const gone = Object.assign(new Error("5.1.1 no such user here"), { responseCode: 550 });
      done(address === REFUSED ? gone : undefined);
    },
    onData(stream, session, done) {
      simpleParser(stream).then((mail) => {
        letters.push({ mail, to: session.envelope.rcptTo.map(({ address }) => address) });
        done();
      }, done);
    },
  });
  await new Promise((resolve) => smtp.listen(0, "127.0.0.1", resolve));
  return smtp;
}

/** Starts `countersign serve`. `env` holds more `COUNTERSIGN_…` variables. */
export async function startClub(env = {}) {
  const letters = [];
  const smtp = await startSmtp(letters);
  const folder = await mkdtemp(join(tmpdir(), "countersign-club-"));
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const settings = environment({
    COUNTERSIGN_LISTEN: new URL(issuer).host,
    COUNTERSIGN_DATABASE_URL: `sqlite:${join(folder, "countersign.db")}`,
    COUNTERSIGN_MASTER_KEY: randomBytes(32).toString("hex"),
    COUNTERSIGN_DEFINE__ISSUER: issuer,
    COUNTERSIGN_DEFINE__REALM: "Rowing club",
    COUNTERSIGN_MAIL__FROM: "Rowing club <no-reply@example.org>",
    COUNTERSIGN_MAIL__URL: `smtp://127.0.0.1:${smtp.server.address().port}`,
    COUNTERSIGN_MAIL__STARTTLS: "never",
    COUNTERSIGN_LIMITS__MAIL_ADDRESS__BURST: "100",
    ...env,
  });
  const child = spawn(BINARY, ["serve"], { env: settings, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    log += text;
  });
  const ended = once(child, "exit");
  const ready = createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
  const line = await Promise.race([ready, ended.then(() => ({ done: true }))]);
  assert.ok(!line.done, `the server did not start:\n${log}`);
  return new Club({ issuer, folder, settings, letters, smtp, child, ended, log: () => log });
}

/** A running club. */
class Club {
  constructor(parts) {
    Object.assign(this, parts);
  }

  /** An absolute URL. */
  url(path) {
    return `${this.issuer}${path}`;
  }

  /** Runs another command on the same database, beside the server, and gives the JSON that it prints. */
  async command(args, input = "") {
    const running = promisify(execFile)(BINARY, [...args, "--json"], { env: this.settings });
    running.child.stdin.end(input);
    return JSON.parse((await running).stdout);
  }

  /** Makes an account on the command line, with these scopes. */
  async addPerson(email, password, ...scopes) {
    const { id } = await this.command(["user", "add", email, "--password-stdin"], password);
    const given = scopes.flatMap((scope) => ["--add", scope]);
    if (given.length > 0) await this.command(["user", "scope", email, ...given]);
    return { id, email, password };
  }

  /** Waits for mail number `count` to `address` with a link to `path` in it, and gives the link. */
  mailedLink(address, path, count = 1) {
    const pattern = new RegExp(`${this.issuer}${path}#[\\w-]+`);
    return eventually(`mail ${count} to ${address} with a link to ${path}`, () => {
      const mails = this.letters.filter(({ to }) => to.includes(address)).map(({ mail }) => mail.text);
      const links = mails.flatMap((text) => pattern.exec(text)?.[0] ?? []);
      return links[count - 1];
    });
  }

  /** Stops it as an operator does; it must end well and must not have panicked. */
  async stop() {
    this.child.kill("SIGTERM");
    const [code] = await this.ended;
    await new Promise((resolve) => this.smtp.close(resolve));
    await rm(this.folder, { recursive: true });
    assert.equal(code, 0, this.log());
    assert.doesNotMatch(this.log(), /panicked/);
  }
}
