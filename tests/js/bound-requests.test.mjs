/** `openid-client` with pushed and signed authorization requests, and with tokens that are bound to a key (DPoP). */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";
import * as oidc from "openid-client";
import { Browser } from "./lib/browser.mjs";
import { eventually, startServer } from "./lib/server.mjs";

const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };
const REDIRECT = "http://127.0.0.1:9/back";
const SIGNED_OUT = "http://127.0.0.1:9/signed-out";

let server;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ACCOUNT.email, ACCOUNT.password);
});

after(() => server.stop());

async function register(metadata = {}) {
  const client = await server.addClient({
    redirect_uris: [REDIRECT],
    post_logout_redirect_uris: [SIGNED_OUT],
    grant_types: ["authorization_code", "refresh_token"],
    token_endpoint_auth_method: "none",
    first_party: true,
    ...metadata,
  });
  return oidc.discovery(new URL(server.issuer), client.client_id, client, oidc.None(), {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  });
}

/** Parameters of a request, and the checks for its answer. */
async function asked() {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const parameters = {
    redirect_uri: REDIRECT,
    scope: "openid profile email offline_access",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
  };
  return { checks, parameters };
}

const answered = (url) => new Browser(server.issuer).authorize(url, { ...ACCOUNT, redirectUri: REDIRECT });

for (const alg of ["ES256", "Ed25519", "RS256", "PS256"]) {
  test(`a pushed request leads to tokens for a key of ${alg}, and each use of one proves it`, async () => {
    const config = await register({ require_pushed_authorization_requests: true, dpop_bound_access_tokens: true });
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair(alg));
    const { checks, parameters } = await asked();
    const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    assert.deepEqual([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const { answer } = await answered(url);
    const tokens = await oidc.authorizationCodeGrant(config, answer, checks, undefined, { DPoP });
    assert.equal(tokens.token_type, "dpop");
    const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
    assert.equal(person.email, ACCOUNT.email);
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    assert.equal(fresh.token_type, "dpop");
    const bare = await fetch(server.url("/oauth/userinfo/"), {
      headers: { authorization: `Bearer ${fresh.access_token}` },
    });
    assert.equal(bare.status, 401);
    await assert.rejects(oidc.refreshTokenGrant(config, fresh.refresh_token));
  });
}

test("a request that the library signs is taken, and userinfo comes signed", async () => {
  const keys = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", keys.publicKey);
  const config = await register({
    jwks: { keys: [{ kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y, kid: "one", use: "sig", alg: "ES256" }] },
    require_signed_request_object: true,
    userinfo_signed_response_alg: "ES256",
  });
  const { checks, parameters } = await asked();
  const url = await oidc.buildAuthorizationUrlWithJAR(config, parameters, { key: keys.privateKey, kid: "one" });
  const { answer } = await answered(url);
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
  const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(person.email, ACCOUNT.email);
});

test("a client is told of a logout, by a token that it can verify with the published keys", async () => {
  const heard = [];
  const listener = createServer(async (request, response) => {
    heard.push(new URLSearchParams(await text(request)));
    response.end();
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const uri = `http://127.0.0.1:${listener.address().port}/bye`;
  const config = await register({ backchannel_logout_uri: uri, id_token_signed_response_alg: "EdDSA" });
  const { checks, parameters } = await asked();
  const browser = new Browser(server.issuer);
  const url = oidc.buildAuthorizationUrl(config, parameters);
  const { answer } = await browser.authorize(url, { ...ACCOUNT, redirectUri: REDIRECT });
  const tokens = await oidc.authorizationCodeGrant(config, answer, checks);
  const end = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: SIGNED_OUT });
  await browser.follow(end, (at) => at.href.startsWith(SIGNED_OUT));
  const [form] = await eventually("the news", () => heard.length > 0 && heard);
  listener.close();
  const [header, payload, signature] = form.get("logout_token").split(".");
  const { kid, alg, typ } = JSON.parse(Buffer.from(header, "base64url"));
  assert.deepEqual([alg, typ], ["EdDSA", "logout+jwt"]);
  const { keys } = await (await fetch(server.url("/.well-known/jwks.json"))).json();
  const jwk = keys.find((key) => key.kid === kid);
  const key = await crypto.subtle.importKey("jwk", { kty: jwk.kty, crv: jwk.crv, x: jwk.x }, "Ed25519", false, ["verify"]);
  const message = Buffer.from(`${header}.${payload}`);
  assert.ok(await crypto.subtle.verify("Ed25519", key, Buffer.from(signature, "base64url"), message));
  assert.equal(JSON.parse(Buffer.from(payload, "base64url")).sid, tokens.claims().sid);
});
