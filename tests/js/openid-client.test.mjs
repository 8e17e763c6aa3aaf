/** The certified library `openid-client`, from discovery to logout; every signature is checked against the JWKS. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oidc from "openid-client";
import { Browser } from "./lib/browser.mjs";
import { startServer } from "./lib/server.mjs";

const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };
const REDIRECT = "http://127.0.0.1:9/back";
const SIGNED_OUT = "http://127.0.0.1:9/signed-out";
const SCOPE = "openid profile email offline_access";

let server;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ACCOUNT.email, ACCOUNT.password);
});

after(() => server.stop());

/** Registers a client and gives the library's configuration for it. */
async function register(metadata = {}) {
  const client = await server.addClient({
    client_name: "Library",
    redirect_uris: [REDIRECT],
    post_logout_redirect_uris: [SIGNED_OUT],
    grant_types: ["authorization_code", "refresh_token"],
    ...metadata,
  });
  const { client_id, client_secret, id_token_signed_response_alg } = client;
  const config = await oidc.discovery(
    new URL(server.issuer),
    client_id,
    { id_token_signed_response_alg },
    client_secret === undefined ? oidc.None() : oidc.ClientSecretBasic(client_secret),
    { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  );
  return { client, config };
}

const PUBLIC = { token_endpoint_auth_method: "none", id_token_signed_response_alg: "EdDSA" };

/** One authorization request, and the checks for its answer. */
async function request(config, parameters = {}, { pkce = true } = {}) {
  const checks = { expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true };
  const asked = {
    redirect_uri: REDIRECT,
    scope: SCOPE,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
  };
  if (pkce) {
    checks.pkceCodeVerifier = oidc.randomPKCECodeVerifier();
    asked.code_challenge = await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier);
    asked.code_challenge_method = "S256";
  }
  if (parameters.max_age !== undefined) checks.maxAge = Number(parameters.max_age);
  return { url: oidc.buildAuthorizationUrl(config, { ...asked, ...parameters }), checks };
}

/** An authorization request answered by a person. */
async function answer(browser, config, parameters, options) {
  const { url, checks } = await request(config, parameters, options);
  const answered = await browser.authorize(url, { ...ACCOUNT, redirectUri: REDIRECT, ...options });
  return { ...answered, checks };
}

/** A whole sign-in; gives the tokens and what the person was asked. */
async function signIn(browser, config, parameters, options) {
  const { answer: at, asked, checks } = await answer(browser, config, parameters, options);
  return { tokens: await oidc.authorizationCodeGrant(config, at, checks), asked };
}

/** The error that the library throws. */
async function failure(promise) {
  return promise.then(
    () => assert.fail("it went well"),
    (error) => error,
  );
}

test("discovery says what the library needs", async () => {
  const { config } = await register(PUBLIC);
  const metadata = config.serverMetadata();
  assert.equal(metadata.issuer, server.issuer);
  assert.ok(metadata.supportsPKCE("S256"));
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
  for (const alg of ["RS256", "ES256", "EdDSA"]) assert.ok(metadata.id_token_signing_alg_values_supported.includes(alg));
});

test("a public client with PKCE signs in, reads userinfo, refreshes, revokes and signs out", async () => {
  const { client, config } = await register(PUBLIC);
  const browser = new Browser(server.issuer);
  const { tokens, asked } = await signIn(browser, config);
  assert.deepEqual(asked, { login: true, consent: true });
  assert.equal(tokens.token_type, "bearer");
  const claims = tokens.claims();
  assert.equal(claims.iss, server.issuer);
  assert.equal(claims.aud, client.client_id);

  const person = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(person.email, ACCOUNT.email);
  assert.equal(person.email_verified, true);

  const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);
  assert.notEqual(fresh.access_token, tokens.access_token);
  assert.equal(fresh.claims().sub, claims.sub);
  assert.equal(fresh.claims().auth_time, claims.auth_time);

  await oidc.tokenRevocation(config, fresh.refresh_token);
  const dead = await failure(oidc.refreshTokenGrant(config, fresh.refresh_token));
  assert.equal(dead.error, "invalid_grant");
  const userinfo = await failure(oidc.fetchUserInfo(config, fresh.access_token, claims.sub));
  assert.equal(userinfo.status, 401);
  assert.equal(userinfo.cause[0].parameters.error, "invalid_token");

  const state = oidc.randomState();
  const end = oidc.buildEndSessionUrl(config, {
    id_token_hint: fresh.id_token,
    post_logout_redirect_uri: SIGNED_OUT,
    state,
  });
  const at = await browser.follow(end, (url) => url.href.startsWith(SIGNED_OUT));
  assert.equal(at.href, `${SIGNED_OUT}?state=${state}`);
  assert.equal((await browser.request("/account/session/")).status, 401);
});

for (const alg of ["RS256", "ES256", "EdDSA"]) {
  test(`a confidential client with client_secret_basic gets ID tokens signed with ${alg}`, async () => {
    const { client, config } = await register({ id_token_signed_response_alg: alg });
    assert.equal(client.token_endpoint_auth_method, "client_secret_basic");
    const { tokens } = await signIn(new Browser(server.issuer), config, {}, { pkce: false });
    const header = JSON.parse(Buffer.from(tokens.id_token.split(".")[0], "base64url"));
    assert.equal(header.alg, alg);
    const person = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(person.email, ACCOUNT.email);
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(fresh.claims().sub, tokens.claims().sub);
  });
}

test("metadata that says nothing makes a confidential client with RS256", async () => {
  const client = await server.addClient({ redirect_uris: [REDIRECT] });
  assert.equal(client.id_token_signed_response_alg, "RS256");
  assert.equal(client.token_endpoint_auth_method, "client_secret_basic");
  assert.equal(client.require_pkce, false);
});

test("an access token that is revoked by itself stops at userinfo, and its refresh token goes on", async () => {
  const { config } = await register(PUBLIC);
  const { tokens } = await signIn(new Browser(server.issuer), config);
  await oidc.tokenRevocation(config, tokens.access_token);
  const refused = await failure(oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub));
  assert.equal(refused.status, 401);
  await oidc.refreshTokenGrant(config, tokens.refresh_token);
});

test("prompt=none says login_required, then consent_required, then signs in silently", async () => {
  const { config } = await register(PUBLIC);
  const browser = new Browser(server.issuer);
  const silent = async () => {
    const { answer: at, asked, checks } = await answer(browser, config, { prompt: "none" });
    assert.deepEqual(asked, { login: false, consent: false });
    assert.equal(at.searchParams.get("iss"), server.issuer);
    return oidc.authorizationCodeGrant(config, at, checks);
  };
  assert.equal((await failure(silent())).error, "login_required");
  await browser.signIn(ACCOUNT.email, ACCOUNT.password);
  assert.equal((await failure(silent())).error, "consent_required");
  const first = await signIn(browser, config);
  assert.deepEqual(first.asked, { login: false, consent: true });
  const again = await silent();
  assert.equal(again.claims().sub, first.tokens.claims().sub);
  assert.equal(again.claims().auth_time, first.tokens.claims().auth_time);
});

test("a second application asks for consent but not for the password", async () => {
  const browser = new Browser(server.issuer);
  const one = await register(PUBLIC);
  const two = await register({ first_party: true });
  assert.deepEqual((await signIn(browser, one.config)).asked, { login: true, consent: true });
  const second = await signIn(browser, two.config);
  assert.deepEqual(second.asked, { login: false, consent: false });
});

test("max_age and prompt=login ask for the password again, and a new auth_time shows it", async () => {
  const { config } = await register({ ...PUBLIC, first_party: true });
  const browser = new Browser(server.issuer);
  const first = await signIn(browser, config, { max_age: "3600" });
  const age = await signIn(browser, config, { max_age: "3600" });
  assert.equal(age.asked.login, false);
  assert.equal(age.tokens.claims().auth_time, first.tokens.claims().auth_time);
  for (const parameters of [{ max_age: "0" }, { prompt: "login" }]) {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const again = await signIn(browser, config, parameters);
    assert.equal(again.asked.login, true, JSON.stringify(parameters));
    assert.ok(again.tokens.claims().auth_time > first.tokens.claims().auth_time);
  }
});

test("a refusal comes back as access_denied, and the library reads it", async () => {
  const { config } = await register(PUBLIC);
  const { answer: at, checks } = await answer(new Browser(server.issuer), config, {}, { decision: "deny" });
  const denied = await failure(oidc.authorizationCodeGrant(config, at, checks));
  assert.equal(denied.error, "access_denied");
});

test("errors of the token endpoint are those of RFC 6749", async () => {
  const { client, config } = await register({ id_token_signed_response_alg: "ES256" });
  const browser = new Browser(server.issuer);
  const signedIn = await answer(browser, config);
  const wrongVerifier = { ...signedIn.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() };
  const mismatch = await failure(oidc.authorizationCodeGrant(config, signedIn.answer, wrongVerifier));
  assert.equal(mismatch.error, "invalid_grant");

  const stranger = await oidc.discovery(
    new URL(server.issuer),
    client.client_id,
    {},
    oidc.ClientSecretBasic("not the secret"),
    { execute: [oidc.allowInsecureRequests] },
  );
  const unauthenticated = await failure(oidc.refreshTokenGrant(stranger, "whatever"));
  assert.equal(unauthenticated.status, 401);

  const unknown = await failure(oidc.genericGrantRequest(config, "password", { username: "a", password: "b" }));
  assert.equal(unknown.error, "unsupported_grant_type");
  const nothing = await failure(oidc.refreshTokenGrant(config, "no token"));
  assert.equal(nothing.error, "invalid_grant");
});

test("a code works once; used again, it takes back what it gave", async () => {
  const { config } = await register(PUBLIC);
  const { answer: at, checks } = await answer(new Browser(server.issuer), config);
  const tokens = await oidc.authorizationCodeGrant(config, at, checks);
  assert.equal((await failure(oidc.authorizationCodeGrant(config, at, checks))).error, "invalid_grant");
  const userinfo = await failure(oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub));
  assert.equal(userinfo.status, 401);
  assert.equal((await failure(oidc.refreshTokenGrant(config, tokens.refresh_token))).error, "invalid_grant");
});

test("an authorization request that cannot be answered to its client shows a page, and goes nowhere", async () => {
  const { config } = await register(PUBLIC);
  const { url } = await request(config, { redirect_uri: `${REDIRECT}/elsewhere` });
  const response = await new Browser(server.issuer).request(url);
  assert.equal(response.status, 400);
  assert.match(await response.text(), /<meta name="countersign-error" content="invalid_request">/);
});

test("other mistakes are answered to the client, with state and iss", async () => {
  const { config } = await register(PUBLIC);
  const { url, checks } = await request(config, { code_challenge_method: "plain" });
  const browser = new Browser(server.issuer);
  const { answer: at } = await browser.authorize(url, { ...ACCOUNT, redirectUri: REDIRECT });
  assert.equal(at.searchParams.get("iss"), server.issuer);
  assert.equal((await failure(oidc.authorizationCodeGrant(config, at, checks))).error, "invalid_request");
});
