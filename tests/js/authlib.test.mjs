/** Authlib of the Python Package Index, from discovery to logout; every signature is checked against the JWKS. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.mjs";
import { startServer } from "./lib/server.mjs";

const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };
const REDIRECT = "https://app.example/back";
const SIGNED_OUT = "https://app.example/signed-out";
/** A Python that has Authlib and requests: `scripts/test` makes one. */
const PYTHON = process.env.AUTHLIB_PYTHON ?? join(import.meta.dirname, "../../target/authlib/bin/python");

let server;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ACCOUNT.email, ACCOUNT.password);
});

after(() => server.stop());

/** Runs the client; `browser` answers its authorization request. */
async function run(browser, task) {
  const environment = { ...process.env, AUTHLIB_INSECURE_TRANSPORT: "1" };
  const child = spawn(PYTHON, [join(import.meta.dirname, "lib/authlib_client.py")], {
    env: environment,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = new Promise((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => code === 0 || reject(new Error(`the client ended with ${code}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async () => JSON.parse((await Promise.race([lines.next(), failed])).value);
  const say = (message) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const random = () => randomBytes(32).toString("base64url");
  say({ issuer: server.issuer, verifier: random(), nonce: random(), ...task });
  const { url } = await hear();
  const { answer } = await browser.authorize(url, { ...ACCOUNT, redirectUri: REDIRECT });
  say({ url: answer.href });
  return hear();
}

const METADATA = {
  client_name: "Authlib",
  redirect_uris: [REDIRECT],
  post_logout_redirect_uris: [SIGNED_OUT],
  grant_types: ["authorization_code", "refresh_token"],
};

async function round(client, task = {}) {
  const browser = new Browser(server.issuer);
  const told = await run(browser, { client, ...task });
  assert.equal(told.userinfo.email, ACCOUNT.email);
  assert.equal(told.userinfo.sub, told.sub);
  assert.equal(told.rotated, true);
  assert.deepEqual([told.told.active, told.told.sub], [true, told.sub]);
  assert.equal(told.revoked, 200);
  assert.deepEqual(told.after, { active: false });
  const end = new URL(told.end_session_endpoint);
  end.search = new URLSearchParams({ id_token_hint: told.id_token, post_logout_redirect_uri: SIGNED_OUT, state: "bye" });
  const at = await browser.follow(end, (url) => url.href.startsWith(SIGNED_OUT));
  assert.equal(at.href, `${SIGNED_OUT}?state=bye`);
  return told;
}

for (const method of ["client_secret_basic", "client_secret_post"]) {
  test(`Authlib with ${method}, at the defaults of the specifications`, async () => {
    const client = await server.addClient({ ...METADATA, token_endpoint_auth_method: method });
    assert.equal((await round(client)).alg, "RS256");
  });
}

test("Authlib with private_key_jwt and ID tokens signed with ES256", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const client = await server.addClient({
    ...METADATA,
    token_endpoint_auth_method: "private_key_jwt",
    id_token_signed_response_alg: "ES256",
    jwks: { keys: [publicKey.export({ format: "jwk" })] },
  });
  const private_key = privateKey.export({ format: "pem", type: "pkcs8" });
  assert.equal((await round(client, { private_key, alg: "RS256" })).alg, "ES256");
});
