/** OPAQUE (RFC 9807) over HTTP with the npm package that the page uses. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { Browser, client, tokenOf } from "./lib/browser.mjs";
import { startServer } from "./lib/server.mjs";

const EMAIL = "ada@example.org";
const PASSWORD = "correct horse battery staple";

let server;
let registered;

before(async () => {
  server = await startServer();
  registered = await new Browser(server.issuer).signUp(server, EMAIL, PASSWORD);
});

after(() => server.stop());

async function refused(response, status, kind) {
  assert.equal(response.status, status);
  assert.match(response.headers.get("content-type"), /^application\/problem\+json/);
  assert.equal((await response.json()).type, `urn:countersign:problem:${kind}`);
}

/** The same bytes with one bit turned over. */
function tampered(message, index) {
  const bytes = Buffer.from(message, "base64url");
  bytes[index] ^= 1;
  return bytes.toString("base64url");
}

test("the right password signs in, with the export and server keys of the registration", async () => {
  const browser = new Browser(server.issuer);
  const { finished, auth_id, server_message } = await browser.startLogin(EMAIL, PASSWORD);
  assert.equal(Buffer.from(server_message, "base64url").length, 320);
  assert.equal(finished.exportKey, registered.exportKey);
  assert.equal(finished.serverStaticPublicKey, registered.serverStaticPublicKey);
  assert.equal(Buffer.from(finished.sessionKey, "base64url").length, 64);
  // The third message is a MAC under a key that is derived together with the session key: taken, both sides have both.
  const { next } = await browser.ask("/login/finish/", { auth_id, client_request: finished.finishLoginRequest });
  assert.equal(next, "/account/");
  const session = await (await browser.request("/account/session/")).json();
  assert.equal(session.email, EMAIL);
});

test("a wrong password fails at the client, which then has nothing to send", async () => {
  const { finished } = await new Browser(server.issuer).startLogin(EMAIL, `${PASSWORD}r`);
  assert.equal(finished, undefined);
});

test("a third message with any bit turned over is refused, and spends the login", async () => {
  for (const index of [0, 31, 63]) {
    const browser = new Browser(server.issuer);
    const { finished, auth_id } = await browser.startLogin(EMAIL, PASSWORD);
    const client_request = tampered(finished.finishLoginRequest, index);
    await refused(await browser.post("/login/finish/", { auth_id, client_request }), 401, "invalid-credentials");
    const late = await browser.post("/login/finish/", { auth_id, client_request: finished.finishLoginRequest });
    await refused(late, 410, "expired");
    assert.equal((await browser.request("/account/session/")).status, 401);
  }
});

test("a third message of another login is refused", async () => {
  const browser = new Browser(server.issuer);
  const first = await browser.startLogin(EMAIL, PASSWORD);
  const second = await browser.startLogin(EMAIL, PASSWORD);
  const crossed = { auth_id: first.auth_id, client_request: second.finished.finishLoginRequest };
  await refused(await browser.post("/login/finish/", crossed), 401, "invalid-credentials");
});

test("a replayed third message is refused", async () => {
  const browser = new Browser(server.issuer);
  const { finished, auth_id } = await browser.startLogin(EMAIL, PASSWORD);
  const body = { auth_id, client_request: finished.finishLoginRequest };
  await browser.ask("/login/finish/", body);
  await refused(await browser.post("/login/finish/", body), 410, "expired");
});

test("a finish from another browser is refused, with and without a cookie of its own", async () => {
  const stranger = new Browser(server.issuer);
  await stranger.startLogin("bob@example.org", PASSWORD);
  assert.notEqual(stranger.cookies.size, 0);
  const others = [
    [stranger, 410, "expired"],
    [new Browser(server.issuer), 403, "wrong-browser"],
  ];
  for (const [other, status, kind] of others) {
    const browser = new Browser(server.issuer);
    const { finished, auth_id } = await browser.startLogin(EMAIL, PASSWORD);
    const body = { auth_id, client_request: finished.finishLoginRequest };
    await refused(await other.post("/login/finish/", body), status, kind);
    assert.equal((await other.request("/account/session/")).status, 401);
  }
});

test("an unknown account answers alike: same shape and size, and the client fails alike", async () => {
  const browser = new Browser(server.issuer);
  const known = await browser.startLogin(EMAIL, "wrong");
  const unknown = await browser.startLogin("nobody@example.org", "wrong");
  assert.equal(known.finished, undefined);
  assert.equal(unknown.finished, undefined);
  assert.equal(unknown.server_message.length, known.server_message.length);
  assert.equal(unknown.auth_id.length, known.auth_id.length);
  assert.deepEqual(Object.keys(unknown), Object.keys(known));
  const guess = Buffer.alloc(64, 7).toString("base64url");
  for (const { auth_id } of [known, unknown]) {
    const response = await browser.post("/login/finish/", { auth_id, client_request: guess });
    await refused(response, 401, "invalid-credentials");
  }
});

test("the evaluated element of an address stays the same when somebody signs up with it", async () => {
  const address = "later@example.org";
  const browser = new Browser(server.issuer);
  const { startLoginRequest } = client.startLogin({ password: PASSWORD });
  const ask = async () => {
    const { server_message } = await browser.ask("/login/start/", { email: address, client_request: startLoginRequest });
    return Buffer.from(server_message, "base64url").subarray(0, 32).toString("hex");
  };
  const before = await ask();
  await browser.signUp(server, address, PASSWORD);
  assert.equal(await ask(), before);
});

test("the page's normal form makes composed and decomposed letters one password", async () => {
  const composed = "p\u00e4ssw\u00f6rd \u00c5ngstr\u00f6m";
  const decomposed = composed.normalize("NFD");
  assert.notEqual(composed, decomposed);
  await new Browser(server.issuer).signUp(server, "nfc@example.org", decomposed.normalize("NFC"));
  for (const typed of [composed, decomposed]) {
    await new Browser(server.issuer).signIn("nfc@example.org", typed.normalize("NFC"));
  }
  // Without it they are two: OPAQUE takes bytes as they come.
  assert.equal((await new Browser(server.issuer).startLogin("nfc@example.org", decomposed)).finished, undefined);
});

test("an account that the command line made signs in here", async () => {
  const added = spawnSync(server.binary, ["user", "add", "cli@example.org", "--password-stdin", "--data", server.data], {
    input: "composed p\u00e4ssword\n",
  });
  assert.equal(added.status, 0, String(added.stderr));
  await new Browser(server.issuer).signIn("cli@example.org", "composed p\u00e4ssword");
});

test("a reset ends the old password, and its link works once", async () => {
  const address = "forgetful@example.org";
  const browser = new Browser(server.issuer);
  await browser.signUp(server, address, "the first password");
  await browser.ask("/update/password/reset/", { email: address });
  const token = tokenOf(await server.mailedLink(address, 2));
  await browser.reset(token, "the second password");
  await browser.signIn(address, "the second password");
  assert.equal((await browser.startLogin(address, "the first password")).finished, undefined);
  const { registrationRequest } = client.startRegistration({ password: "a third" });
  const again = await browser.post("/update/password/start/", { token, client_request: registrationRequest });
  await refused(again, 410, "expired");
});
