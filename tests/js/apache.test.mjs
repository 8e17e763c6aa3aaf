/** Debian's Apache with the certified mod_auth_openidc, at the module's defaults. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.mjs";
import { eventually, startServer } from "./lib/server.mjs";

const ACCOUNT = { email: "ada@example.org", password: "correct horse battery staple" };
const PROGRAM = "/usr/sbin/apache2";
const MODULES = "/usr/lib/apache2/modules";
const SECRET = "a secret with : % and + in it, which must be encoded";

let server;
let apache;

before(async () => {
  server = await startServer();
  await new Browser(server.issuer).signUp(server, ACCOUNT.email, ACCOUNT.password);
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  // Plain metadata of RFC 7591: what it leaves out has the defaults of the specification.
  const client = await server.addClient({
    client_name: "Apache",
    client_secret: SECRET,
    redirect_uris: [`${origin}/protected/redirect_uri`],
    post_logout_redirect_uris: [`${origin}/open/`],
  });
  assert.equal(client.client_secret, SECRET);
  apache = await startApache(port, client);
});

after(async () => {
  await apache?.stop();
  await server.stop();
});

async function freePort() {
  const listener = createServer();
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address();
  await new Promise((resolve) => listener.close(resolve));
  return port;
}

function configuration(root, port, client) {
  const modules = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir", "headers", "auth_openidc"];
  return `
ServerRoot ${root}
DefaultRuntimeDir ${root}
PidFile ${root}/apache.pid
ErrorLog ${root}/error.log
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
User www-data
Group www-data
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join("\n")}
DocumentRoot ${root}/pages
DirectoryIndex index.html
OIDCProviderMetadataURL ${server.url("/.well-known/openid-configuration")}
OIDCClientID ${client.client_id}
OIDCClientSecret "${client.client_secret}"
OIDCRedirectURI /protected/redirect_uri
OIDCCryptoPassphrase "of this test alone"
OIDCScope "openid email"
<Location /protected/>
  AuthType openid-connect
  Require valid-user
  Header set Test-Subject "%{OIDC_CLAIM_sub}e"
  Header set Test-Email "%{OIDC_CLAIM_email}e"
  Header set Test-Issuer "%{OIDC_CLAIM_iss}e"
</Location>
<Location /open/>
  Require all granted
</Location>
`;
}

async function startApache(port, client) {
  const root = await mkdtemp(join(tmpdir(), "countersign-apache-"));
  await chmod(root, 0o755);
  for (const page of ["protected", "open"]) {
    await mkdir(join(root, "pages", page), { recursive: true });
    await writeFile(join(root, "pages", page, "index.html"), `${page}\n`);
  }
  await writeFile(join(root, "apache.conf"), configuration(root, port, client), { mode: 0o600 });
  const child = spawn(PROGRAM, ["-f", join(root, "apache.conf"), "-DFOREGROUND"], { stdio: "inherit" });
  const ended = new Promise((resolve, reject) => child.once("error", reject).once("exit", resolve));
  const origin = `http://127.0.0.1:${port}`;
  await eventually("Apache", () => {
    assert.equal(child.exitCode, null, "Apache ended");
    return fetch(`${origin}/open/`).then((page) => page.ok, () => false);
  });
  return {
    origin,
    log: () => readFile(join(root, "error.log"), "utf8"),
    async stop() {
      child.kill("SIGTERM");
      assert.equal(await ended, 0);
      await rm(root, { recursive: true });
    },
  };
}

test("it signs in with an RS256 ID token, shows the claims, and signs out through its redirect URI", async () => {
  const browser = new Browser(server.issuer);
  const page = `${apache.origin}/protected/`;

  const { answer, asked } = await browser.authorize(page, ACCOUNT);
  assert.equal(answer.href, page, await apache.log());
  assert.deepEqual(asked, { login: true, consent: true });

  const shown = await browser.request(page);
  assert.equal(shown.status, 200);
  assert.equal(await shown.text(), "protected\n");
  assert.equal(shown.headers.get("test-email"), ACCOUNT.email);
  assert.equal(shown.headers.get("test-issuer"), server.issuer);
  assert.match(shown.headers.get("test-subject"), /^[\w-]{16,}$/);

  const open = `${apache.origin}/open/`;
  const out = `${page}redirect_uri?logout=${encodeURIComponent(open)}`;
  const end = await browser.follow(out);
  assert.equal(end.href, open, await apache.log());
  assert.equal((await browser.request("/account/session/")).status, 401);

  const again = await browser.authorize(page, ACCOUNT);
  assert.deepEqual(again.asked, { login: true, consent: false });
});

test("who refuses consent does not come in", async () => {
  const stranger = new Browser(server.issuer);
  await stranger.signUp(server, "bob@example.org", ACCOUNT.password);
  const page = `${apache.origin}/protected/`;
  const { answer } = await stranger.authorize(page, {
    email: "bob@example.org",
    password: ACCOUNT.password,
    decision: "deny",
    redirectUri: `${page}redirect_uri`,
  });
  assert.equal(answer.searchParams.get("error"), "access_denied");
  assert.equal((await stranger.request(page)).status, 302);
});
