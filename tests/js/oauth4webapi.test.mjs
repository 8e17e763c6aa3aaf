/** The library `oauth4webapi`, from discovery to logout, with each way in which a client proves itself; and devices. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as oauth from "oauth4webapi";
import { Browser } from "./lib/browser.mjs";
import { startServer } from "./lib/server.mjs";

const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };
const REDIRECT = "http://127.0.0.1:9/back";
const SIGNED_OUT = "http://127.0.0.1:9/signed-out";
const API = "https://api.example";
const DEVICE = "urn:ietf:params:oauth:grant-type:device_code";
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
/** The tests speak http to this machine. */
const HTTP = { [oauth.allowInsecureRequests]: true };

let server;
let as;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ACCOUNT.email, ACCOUNT.password);
  const issuer = new URL(server.issuer);
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...HTTP }));
});

after(() => server.stop());

const METADATA = {
  client_name: "Library",
  redirect_uris: [REDIRECT],
  post_logout_redirect_uris: [SIGNED_OUT],
  grant_types: ["authorization_code", "refresh_token"],
};

/** A whole sign-in; gives the processed token answer. */
async function signIn(browser, client, auth) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    response_type: "code",
    scope: "openid email offline_access",
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const { answer } = await browser.authorize(url, { ...ACCOUNT, redirectUri: REDIRECT });
  const parameters = oauth.validateAuthResponse(as, client, answer, state);
  const response = await oauth.authorizationCodeGrantRequest(as, client, auth, parameters, REDIRECT, verifier, HTTP);
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, {
    expectedNonce: nonce,
    requireIdToken: true,
  });
  await oauth.validateApplicationLevelSignature(as, response, HTTP);
  return tokens;
}

/** From discovery to logout. */
async function round(client, auth) {
  const browser = new Browser(server.issuer);
  const tokens = await signIn(browser, client, auth);
  const { sub } = oauth.getValidatedIdTokenClaims(tokens);
  const userinfo = await oauth.userInfoRequest(as, client, tokens.access_token, HTTP);
  assert.equal((await oauth.processUserInfoResponse(as, client, sub, userinfo)).email, ACCOUNT.email);

  const refreshed = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, HTTP);
  const fresh = await oauth.processRefreshTokenResponse(as, client, refreshed);
  assert.notEqual(fresh.refresh_token, tokens.refresh_token);

  const introspect = async (token) => {
    const response = await oauth.introspectionRequest(as, client, auth, token, HTTP);
    return oauth.processIntrospectionResponse(as, client, response);
  };
  const told = await introspect(fresh.access_token);
  assert.deepEqual([told.active, told.sub, told.client_id], [true, sub, client.client_id]);
  const revoked = await oauth.revocationRequest(as, client, auth, fresh.refresh_token, HTTP);
  await oauth.processRevocationResponse(revoked);
  assert.deepEqual(await introspect(fresh.access_token), { active: false });
  assert.deepEqual(await introspect(fresh.refresh_token), { active: false });

  const end = new URL(as.end_session_endpoint);
  end.search = new URLSearchParams({
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: SIGNED_OUT,
    state: "bye",
  });
  const at = await browser.follow(end, (url) => url.href.startsWith(SIGNED_OUT));
  assert.equal(at.href, `${SIGNED_OUT}?state=bye`);
  assert.equal((await browser.request("/account/session/")).status, 401);
}

test("client_secret_basic and client_secret_post", async () => {
  for (const [method, proof] of [
    ["client_secret_basic", oauth.ClientSecretBasic],
    ["client_secret_post", oauth.ClientSecretPost],
  ]) {
    const client = await server.addClient({ ...METADATA, token_endpoint_auth_method: method });
    await round(client, proof(client.client_secret));
  }
});

for (const alg of ["Ed25519", "ES256", "PS256", "RS256"]) {
  test(`private_key_jwt with a key for ${alg}`, async () => {
    const { publicKey, privateKey } = await oauth.generateKeyPair(alg, { extractable: true });
    const jwk = { ...(await crypto.subtle.exportKey("jwk", publicKey)), kid: "the-key" };
    // What WebCrypto says besides is of no use to the server, and must not keep the key from being taken.
    const { kty, crv, x, y, n, e, kid } = jwk;
    const client = await server.addClient({
      ...METADATA,
      token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [JSON.parse(JSON.stringify({ kty, crv, x, y, n, e, kid }))] },
    });
    await round(client, oauth.PrivateKeyJwt({ key: privateKey, kid: "the-key" }));
  });
}

test("a client that registered itself signs people in and ends its registration", async () => {
  const { initial_access_token } = await server.command("client", "invite");
  const response = await oauth.dynamicClientRegistrationRequest(as, METADATA, {
    initialAccessToken: initial_access_token,
    ...HTTP,
  });
  const client = await oauth.processDynamicClientRegistrationResponse(response);
  await round(client, oauth.ClientSecretBasic(client.client_secret));
  const headers = { Authorization: `Bearer ${client.registration_access_token}` };
  const manage = (method) => fetch(client.registration_client_uri, { method, headers });
  assert.equal((await manage("DELETE")).status, 204);
  assert.equal((await manage("GET")).status, 401);
});

test("client credentials for a resource, and their exchange for less", async () => {
  const client = await server.addClient({
    grant_types: ["client_credentials", EXCHANGE],
    scope: "jobs:read jobs:write",
    resources: [API],
  });
  const auth = oauth.ClientSecretBasic(client.client_secret);
  const asked = new URLSearchParams({ resource: API });
  const response = await oauth.clientCredentialsGrantRequest(as, client, auth, asked, HTTP);
  const tokens = await oauth.processClientCredentialsResponse(as, client, response);
  assert.equal(tokens.scope, "jobs:read jobs:write");

  // A resource server judges the token by the published keys alone (RFC 9068).
  const request = new Request(API, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const claims = await oauth.validateJwtAccessToken(as, request, API, HTTP);
  assert.deepEqual([claims.sub, claims.client_id], [client.client_id, client.client_id]);

  const exchange = new URLSearchParams({
    subject_token: tokens.access_token,
    subject_token_type: ACCESS_TOKEN,
    scope: "jobs:read",
  });
  const exchanged = await oauth.genericTokenEndpointRequest(as, client, auth, EXCHANGE, exchange, HTTP);
  const less = await oauth.processGenericTokenEndpointResponse(as, client, exchanged);
  assert.deepEqual([less.scope, less.issued_token_type], ["jobs:read", ACCESS_TOKEN]);
});

test("a device waits for a person and gets its tokens", async () => {
  const client = await server.addClient({
    client_name: "Television",
    token_endpoint_auth_method: "none",
    grant_types: [DEVICE, "refresh_token"],
  });
  const asked = new URLSearchParams({ scope: "openid email" });
  const begun = await oauth.deviceAuthorizationRequest(as, client, oauth.None(), asked, HTTP);
  const device = await oauth.processDeviceAuthorizationResponse(as, client, begun);
  const poll = async () => {
    const response = await oauth.deviceCodeGrantRequest(as, client, oauth.None(), device.device_code, HTTP);
    return oauth.processDeviceCodeResponse(as, client, response);
  };
  await assert.rejects(poll(), { error: "authorization_pending" });
  await assert.rejects(poll(), { error: "slow_down" });
  const browser = new Browser(server.issuer);
  await browser.signIn(ACCOUNT.email, ACCOUNT.password);
  const shown = await browser.ask("/oauth/device/lookup/", { user_code: device.user_code });
  assert.equal(shown.client.name, "Television");
  await browser.ask("/oauth/device/decide/", { user_code: device.user_code, decision: "allow" });
  const tokens = await poll();
  assert.equal(oauth.getValidatedIdTokenClaims(tokens).aud, client.client_id);
  await assert.rejects(poll(), { error: "invalid_grant" });
});
