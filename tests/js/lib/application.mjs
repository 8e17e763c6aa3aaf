/** A single page application on an origin of its own: public client, PKCE, and every call by `fetch`. */

import { createServer } from "node:http";

const PAGE = `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8"><title>Elsewhere</title><link rel="icon" href="data:,"></head>
  <body><main><h1>Elsewhere</h1><pre id="done" hidden></pre></main><script type="module" src="/app.js"></script></body>
</html>`;

/** Runs in the page. */
async function application() {
  const text = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
  const random = () => text(crypto.getRandomValues(new Uint8Array(32)));
  const here = `${location.origin}/`;
  const answer = new URLSearchParams(location.search);

  if (!answer.has("code")) {
    const { issuer, client_id } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
    const provider = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
    const pending = { issuer, client_id, state: random(), verifier: random() };
    sessionStorage.setItem("pending", JSON.stringify(pending));
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
    const request = {
      response_type: "code",
      client_id,
      redirect_uri: here,
      scope: "openid email",
      state: pending.state,
      code_challenge: text(new Uint8Array(hash)),
      code_challenge_method: "S256",
    };
    location.assign(`${provider.authorization_endpoint}?${new URLSearchParams(request)}`);
    return;
  }

  const { issuer, client_id, state, verifier } = JSON.parse(sessionStorage.getItem("pending"));
  if (answer.get("state") !== state || answer.get("iss") !== issuer) throw new Error("not our answer");
  const provider = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  await (await fetch(provider.jwks_uri)).json();
  const redeem = {
    grant_type: "authorization_code",
    client_id,
    code: answer.get("code"),
    redirect_uri: here,
    code_verifier: verifier,
  };
  const post = (url, form) => fetch(url, { method: "POST", body: new URLSearchParams(form) });
  const tokens = await (await post(provider.token_endpoint, redeem)).json();
  const ask = () => fetch(provider.userinfo_endpoint, { headers: { Authorization: `Bearer ${tokens.access_token}` } });
  const userinfo = await (await ask()).json();
  const revoked = await post(provider.revocation_endpoint, { client_id, token: tokens.access_token });
  const after = await ask();

  const closed = [];
  const json = { method: "POST", body: "{}", headers: { "Content-Type": "application/json" }, credentials: "include" };
  const calls = { "/login/start/": json, "/oauth/consent/": json, "/account/session/": { credentials: "include" } };
  for (const [path, init] of Object.entries(calls)) {
    await fetch(`${issuer}${path}`, init).then(
      () => closed.push("open"),
      (error) => closed.push(error.name),
    );
  }
  const done = document.getElementById("done");
  done.textContent = JSON.stringify({ userinfo, revoked: revoked.status, after: after.status, closed });
  done.hidden = false;
}

/** Serves it on a free port of `localhost`, which is another site than 127.0.0.1. */
export async function startApplication() {
  const listener = createServer((request, response) => {
    const isScript = request.url === "/app.js";
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(isScript ? `(${application})();` : PAGE);
  });
  await new Promise((resolve) => listener.listen(0, "localhost", resolve));
  return {
    url: `http://localhost:${listener.address().port}/`,
    close: () => {
      listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    },
  };
}
