/** The account page's part about subscriptions, in Chromium: a key is linked with its own signature, shown, and unlinked. */

import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, test } from "node:test";
import { blake2b } from "@noble/hashes/blake2.js";
import { Browser } from "./lib/browser.mjs";
import { byTestId, click, fill, openWindow, signIn, startChromium } from "./lib/chromium.mjs";
import { startServer } from "./lib/server.mjs";

const ADA = { email: "ada@example.org", password: "correct horse battery staple" };
const DAY = 86_400_000;

let chromium;
let server;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ADA.email, ADA.password);
  chromium = await startChromium();
});

after(async () => {
  await chromium?.close();
  await server.stop();
});

/** An Ed25519 key as an application holds it. */
function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const bytes = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url");
  return { bytes, hex: bytes.toString("hex"), sign: (message) => sign(null, message, privateKey).toString("hex") };
}

/** What is signed is a hash with a name, as `docs/entitlements.md` has it. */
function hash(name, parts) {
  return blake2b(Buffer.concat(parts), { dkLen: 32, personalization: Buffer.from(name) });
}

function number(value, bytes) {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 8) buffer.writeBigUInt64LE(BigInt(value));
  else buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

/** The message of a linking challenge, made of nothing but what the page shows. */
function linkMessage({ version, master_pkey, issuer, account, nonce, expires_at }) {
  const text = (value) => [number(Buffer.byteLength(value), 4), Buffer.from(value)];
  return hash("CsLinkMasterKey_", [
    number(version, 1),
    Buffer.from(master_pkey, "hex"),
    ...text(issuer),
    ...text(account),
    ...text(nonce),
    number(expires_at, 8),
  ]);
}

/** Pays on a development server. */
async function pay(master, id, days) {
  const rotating = newKey();
  const message = hash("ProAddPayment___", [number(0, 1), master.bytes, rotating.bytes, number(2, 1), Buffer.from(id)]);
  const body = {
    version: 0,
    master_pkey: master.hex,
    rotating_pkey: rotating.hex,
    master_sig: master.sign(message),
    rotating_sig: rotating.sign(message),
    payment_tx: { provider: 2, apple_tx_id: id },
    dev_plan: "ThreeMonth",
    dev_duration_ms: days * DAY,
    dev_auto_renewing: true,
  };
  const answer = await fetch(server.url("/add_pro_payment"), { method: "POST", body: JSON.stringify(body) });
  const { status, errors } = await answer.json();
  assert.equal(status, 0, String(errors));
}

/** The challenge as the page shows it. */
async function challenge(page, key) {
  await fill(page, "entitlements-key", key);
  await click(page, "entitlements-key-submit");
  return JSON.parse(await byTestId(page, "entitlements-challenge").innerText());
}

test("a key is linked with its own signature, shows plan and end, and is unlinked", async () => {
  const window = await openWindow(chromium, server);
  try {
    const page = await window.open("/account/");
    await signIn(page, ADA);
    await byTestId(page, "entitlements").waitFor();

    // What is no key is said at the field, and no request leaves.
    await fill(page, "entitlements-key", "not a key");
    await click(page, "entitlements-key-submit");
    await page.getByText("A key has 64 hexadecimal digits").waitFor();

    const [mine, other] = [newKey(), newKey()];
    const asked = await challenge(page, ` ${mine.hex.toUpperCase()} `);
    assert.equal(asked.master_pkey, mine.hex);
    assert.equal(asked.issuer, server.issuer);

    // Another key's signature links nothing, and spends nothing.
    await fill(page, "entitlements-signature", other.sign(linkMessage(asked)));
    await click(page, "entitlements-signature-submit");
    await byTestId(page, "entitlements-signature-error").getByText("signature").first().waitFor();
    await fill(page, "entitlements-signature", mine.sign(linkMessage(asked)));
    await click(page, "entitlements-signature-submit");
    await byTestId(page, "entitlements-plan").waitFor();
    assert.match(await byTestId(page, "entitlements-plan").innerText(), /None/);
    await page.getByText(`${mine.hex.slice(0, 8)}…${mine.hex.slice(-8)}`).waitFor();

    await pay(mine, "DEV.1", 20);
    await page.reload();
    await byTestId(page, "entitlements-expiry").waitFor();
    assert.equal(await byTestId(page, "entitlements-plan").innerText(), "Three months");
    assert.match(await byTestId(page, "entitlements-state").innerText(), /Active/);
    const shown = Date.parse(await byTestId(page, "entitlements-expiry").innerText());
    assert.ok(Math.abs(shown - (Date.now() + 20 * DAY)) < 2 * DAY, new Date(shown).toISOString());

    await click(page, "entitlements-unlink");
    await byTestId(page, "entitlements-key").waitFor();
    await page.reload();
    await byTestId(page, "entitlements-key").waitFor();
    assert.equal(await byTestId(page, "entitlements-plan").count(), 0);
  } catch (error) {
    error.message += `\n${await window.describe()}`;
    await window.context.close();
    throw error;
  }
  await window.close();
});
