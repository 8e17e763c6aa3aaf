/** Outgoing mail through a real SMTP server, read by a real mail parser: npm `smtp-server` and `mailparser`. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { eventually, startServe } from "./lib/server.mjs";
import { startSmtp } from "./lib/smtp.mjs";

const REFUSED = "gone@example.org";

let smtp;
let server;

before(async () => {
  smtp = await startSmtp(REFUSED);
  server = await startServe(smtp, {
    COUNTERSIGN_DEFINE__REALM: "Grüße & Söhne",
    COUNTERSIGN_MAIL__FROM: "Grüße <no-reply@example.org>",
  });
});

after(async () => {
  await server.stop();
  await smtp.close();
});

async function signUp(email, headers = {}, more = {}) {
  const response = await fetch(`${server.issuer}/onboard/signup/`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ email, ...more }),
  });
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {});
}

const letterTo = (address) =>
  eventually(`a mail to ${address}`, async () => smtp.mails(address)[0]);

test("a mail has both parts, the same link in each, and headers that are read as they were meant", async () => {
  await signUp("ann+club@example.org");
  const mail = await letterTo("ann+club@example.org");
  assert.equal(mail.subject, "Confirm your e-mail address for Grüße & Söhne");
  assert.deepEqual(mail.from.value, [{ address: "no-reply@example.org", name: "Grüße" }]);
  assert.equal(mail.headers.get("auto-submitted"), "auto-generated");
  const [link] = /http:\S+\/confirm\/#[\w-]{43}/.exec(mail.text);
  assert.ok(link.startsWith(`${server.issuer}/confirm/#`));
  assert.ok(mail.html.includes(link), "the HTML part has the same link");
  assert.ok(mail.html.includes("Grüße &amp; Söhne") && !/<script|<img/.test(mail.html));

  const confirmed = await fetch(`${server.issuer}/onboard/email/`, {
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
  assert.deepEqual(smtp.mails(REFUSED), []);
});
