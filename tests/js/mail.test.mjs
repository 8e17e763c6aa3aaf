/** Outgoing mail through a real SMTP server, read by a real mail parser: npm `smtp-server` and `mailparser`. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { BINARY, environment, eventually } from "./lib/server.mjs";

const REFUSED = "gone@example.org";
const letters = [];

let smtp;
let child;
let issuer;
let folder;

/** A port that is free now: the issuer has to name it before the server is there. */
async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

before(async () => {
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onRcptTo({ address }, _session, done) {
      const gone = Object.assign(new Error("5.1.1 no such user"), { responseCode: 550 });
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
  const { port: smtpPort } = smtp.server.address();

  folder = await mkdtemp(join(tmpdir(), "countersign-mail-"));
  issuer = `http://127.0.0.1:${await freePort()}`;
  child = spawn(BINARY, ["serve"], {
    env: environment({
      COUNTERSIGN_LISTEN: new URL(issuer).host,
      COUNTERSIGN_DATABASE_URL: `sqlite:${join(folder, "countersign.db")}`,
      COUNTERSIGN_MASTER_KEY: randomBytes(32).toString("hex"),
      COUNTERSIGN_DEFINE__ISSUER: issuer,
      COUNTERSIGN_DEFINE__REALM: "Grüße & Söhne",
      COUNTERSIGN_MAIL__FROM: "Grüße <no-reply@example.org>",
      COUNTERSIGN_MAIL__URL: `smtp://127.0.0.1:${smtpPort}`,
      COUNTERSIGN_MAIL__STARTTLS: "never",
    }),
    stdio: ["ignore", "pipe", "inherit"],
  });
  await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next();
});

after(async () => {
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  await new Promise((resolve) => smtp.close(resolve));
  await rm(folder, { recursive: true });
  assert.equal(code, 0);
});

async function signUp(email, headers = {}, more = {}) {
  const response = await fetch(`${issuer}/onboard/signup/`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ email, ...more }),
  });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {});
}

const letterTo = (address) =>
  eventually(`a mail to ${address}`, async () => letters.find(({ to }) => to.includes(address))?.mail);

test("a mail has both parts, the same link in each, and headers that are read as they were meant", async () => {
  await signUp("ann+club@example.org");
  const mail = await letterTo("ann+club@example.org");
  assert.equal(mail.subject, "Confirm your e-mail address for Grüße & Söhne");
  assert.deepEqual(mail.from.value, [{ address: "no-reply@example.org", name: "Grüße" }]);
  assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  const [link] = /http:\S+\/confirm\/#[\w-]{43}/.exec(mail.text);
  assert.ok(link.startsWith(`${issuer}/confirm/#`));
  assert.ok(mail.html.includes(link), "the HTML part has the same link");
  assert.ok(mail.html.includes("Grüße &amp; Söhne") && !/<script|<img/.test(mail.html));

  const confirmed = await fetch(`${issuer}/onboard/email/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token: link.split("#")[1] }),
  });
  assert.equal((await confirmed.json()).next, "register");
});

test("people are written to in the language that they say, else in the one of their browser", async () => {
  await signUp("browser@example.org", { "accept-language": "nl-BE,nl;q=0.9,en;q=0.8" });
  assert.match((await letterTo("browser@example.org")).subject, /^Bevestig je e-mailadres/);
  await signUp("says@example.org", { "accept-language": "en" }, { locale: "nl" });
  const mail = await letterTo("says@example.org");
  assert.match(mail.text, /^Hallo,/);
  assert.match(mail.html, /lang="nl"/);
  await signUp("other@example.org", { "accept-language": "fr" });
  assert.match((await letterTo("other@example.org")).subject, /^Confirm/);
});

test("an address that the mail server refuses costs the others nothing", async () => {
  await signUp(REFUSED);
  await signUp("well@example.org");
  await letterTo("well@example.org");
  assert.ok(!letters.some(({ to }) => to.includes(REFUSED)));
});
