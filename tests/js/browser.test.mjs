/** The pages in Chromium: what people do with them, and what goes over the wire meanwhile. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.mjs";
import { byTestId, click, fill, heading, inWindow, openWindow, shownClaims, signIn, startChromium, tabTo } from "./lib/chromium.mjs";
import { startApplication } from "./lib/application.mjs";
import { eventually, startServer } from "./lib/server.mjs";
import { openWiretap } from "./lib/wiretap.mjs";

const ADA = { email: "ada@example.org", password: "correct horse battery staple" };

let chromium;
let server;
let wiretap;

before(async () => {
  wiretap = await openWiretap();
  server = await startServer({}, ["--issuer", wiretap.origin]);
  wiretap.pipeTo(server.address);
  assert.equal(server.issuer, wiretap.origin);
  await new Browser(server.issuer).signUp(server, ADA.email, ADA.password);
  chromium = await startChromium();
});

after(async () => {
  await chromium?.close();
  await server.stop();
  await wiretap.close();
});

/** Somebody new with an account, who has consented to nothing yet. */
async function newcomer(name) {
  const person = { email: `${name}@example.org`, password: `the password of ${name}` };
  await new Browser(server.issuer).signUp(server, person.email, person.password);
  return person;
}

/** A test with a window of its own. */
function browse(name, steps, options) {
  test(name, () => inWindow(chromium, server, options, steps));
}

/** Opens the demo application and goes on to the sign-in page. */
async function startAtDemo(window) {
  const page = await window.open("/demo/");
  await click(page, "demo-signin");
  await byTestId(page, "login-email").waitFor();
  return page;
}

browse("the first field of the sign-in page has the focus, with an application and without", async (window) => {
  const field = byTestId(await startAtDemo(window), "login-email");
  await field.page().getByText("Demo application").waitFor();
  assert.ok(await field.evaluate((element) => element === document.activeElement));
  const plain = byTestId(await window.open("/login/"), "login-email");
  assert.ok(await plain.evaluate((element) => element === document.activeElement));
});

browse("a device is connected: its code, a sign-in, what it asks for, yes", async (window) => {
  const grant_type = "urn:ietf:params:oauth:grant-type:device_code";
  const { client_id } = await server.addClient({
    client_name: "Television",
    token_endpoint_auth_method: "none",
    grant_types: [grant_type],
  });
  const post = async (path, form) => {
    const response = await fetch(server.url(path), { method: "POST", body: new URLSearchParams(form) });
    return response.json();
  };
  const device = await post("/oauth/device/", { client_id, scope: "openid email" });
  const person = await newcomer("linus");
  const page = await window.open("/device/");
  await fill(page, "device-user-code", device.user_code.toLowerCase());
  await click(page, "device-submit");
  await byTestId(page, "login-email").waitFor();
  await signIn(page, person);
  await byTestId(page, "device-allow").waitFor();
  assert.equal(await byTestId(page, "device-code-shown").innerText(), device.user_code);
  await page.getByText("Television").first().waitFor();
  await page.getByText(person.email).waitFor();
  // A code in the address is looked up, but nothing is decided by opening it.
  const scanned = await window.open(new URL(device.verification_uri_complete).pathname + new URL(device.verification_uri_complete).search);
  await byTestId(scanned, "device-allow").waitFor();
  const asked = { grant_type, client_id, device_code: device.device_code };
  assert.equal((await post("/oauth/token/", asked)).error, "authorization_pending");
  await click(page, "device-allow");
  await byTestId(page, "device-done").waitFor();
  assert.ok((await post("/oauth/token/", asked)).access_token);
});

browse("a hint of the application fills in the address, and the password is next", async (window) => {
  const hint = { client_id: "demo", redirect_uri: server.url("/demo/"), response_type: "code", scope: "openid" };
  const pkce = { code_challenge: "A".repeat(43), code_challenge_method: "S256", login_hint: ADA.email };
  const page = await window.open(`/oauth/authorize/?${new URLSearchParams({ ...hint, ...pkce })}`);
  await eventually("the hint", async () => (await byTestId(page, "login-email").inputValue()) === ADA.email);
  assert.ok(await byTestId(page, "login-password").evaluate((element) => element === document.activeElement));
});

/** Every form in which a password could be hidden in bytes. */
function disguises(password) {
  const forms = new Map([["itself", Buffer.from(password)]]);
  forms.set("URL-encoded", Buffer.from(encodeURIComponent(password)));
  forms.set("form-encoded", Buffer.from(new URLSearchParams({ p: password }).toString().slice(2)));
  forms.set("UTF-16", Buffer.from(password, "utf16le"));
  forms.set("reversed", Buffer.from([...password].reverse().join("")));
  const inner = new Map([["password", Buffer.from(password)]]);
  for (const name of ["md5", "sha1", "sha256", "sha384", "sha512", "sha3-256"]) {
    inner.set(name, createHash(name).update(password).digest());
    forms.set(name, inner.get(name));
  }
  for (const [name, bytes] of inner) {
    forms.set(`${name} in hex`, Buffer.from(bytes.toString("hex")));
    forms.set(`${name} in capital hex`, Buffer.from(bytes.toString("hex").toUpperCase()));
    // Without the last characters, which depend on what follows.
    const base64 = bytes.toString("base64").replace(/=+$/, "");
    forms.set(`${name} in base64`, Buffer.from(base64));
    forms.set(`${name} in base64url`, Buffer.from(bytes.toString("base64url")));
    forms.set(`${name} in URL-encoded base64`, Buffer.from(encodeURIComponent(base64)));
  }
  return forms;
}

browse("sign up, mail, register, sign in, consent, claims, refresh, sign out; the password never leaves", async (window) => {
  const person = { email: "grace@example.org", password: "Nine w\u00f6rds/that+nobody&else says #1" };
  const page = await startAtDemo(window);
  await page.getByText("Create an account").click();
  await fill(page, "signup-email", person.email);
  await click(page, "signup-submit");
  await byTestId(page, "mail-sent").waitFor();

  // The mail is read where a developer reads it, and its link opens another tab.
  const mailbox = await window.open("/dev/mailbox/");
  const letter = byTestId(mailbox, "mail").filter({ hasText: person.email });
  await letter.locator('[data-testid="mail-link"]').first().click();
  await fill(mailbox, "register-password", person.password);
  assert.ok(!mailbox.url().includes("#"), "the token is not left in the address");
  await click(mailbox, "register-submit");
  await heading(mailbox, "Sign in");
  // The new tab knows which application the person came from.
  assert.equal(await byTestId(mailbox, "login-email").inputValue(), person.email);
  assert.match(mailbox.url(), /\/login\/\?flow_id=/);
  await page.close();

  await fill(mailbox, "login-password", person.password);
  await click(mailbox, "login-submit");
  await byTestId(mailbox, "consent-allow").waitFor();
  assert.match(await mailbox.locator("main").innerText(), /Demo application would like to/);
  // The answer belongs to the tab that asked; this one asks anew and consents there.
  await mailbox.close();
  const demo = await window.open("/demo/");
  await click(demo, "demo-signin");
  await click(demo, "consent-allow");
  await byTestId(demo, "demo-userinfo").locator("pre").waitFor();
  const [id, access, userinfo] = [
    await shownClaims(demo, "demo-id-token"),
    await shownClaims(demo, "demo-access-token"),
    await shownClaims(demo, "demo-userinfo"),
  ];
  assert.equal(id.iss, server.issuer);
  assert.equal(id.aud, "demo");
  assert.equal(access.iss, server.issuer);
  assert.equal(access.client_id, "demo");
  assert.deepEqual([id.sub, access.sub], [userinfo.sub, userinfo.sub]);
  assert.equal(userinfo.email, person.email);

  await click(demo, "demo-refresh");
  await demo.getByText("Tokens refreshed").waitFor();
  assert.notEqual((await shownClaims(demo, "demo-access-token")).jti, access.jti);
  await click(demo, "demo-signout");
  await byTestId(demo, "demo-signin").waitFor();
  const account = await window.open("/account/");
  await byTestId(account, "login-email").waitFor();

  const everything = Buffer.concat([wiretap.sent(), wiretap.answered()]);
  assert.ok(everything.includes(person.email), "the capture holds what was sent");
  for (const [form, bytes] of disguises(person.password)) {
    assert.ok(!everything.includes(bytes), `the password went over the wire: ${form}`);
  }
  assert.doesNotMatch(wiretap.sent().toString("latin1"), /^upgrade:/im);
  for (const request of window.requests) assert.equal(new URL(request.url()).origin, server.issuer);
});

browse("what the page sends is OPAQUE's messages and nothing beside them", async (window) => {
  const person = await newcomer("sparse");
  const page = await startAtDemo(window);
  await signIn(page, person);
  await byTestId(page, "consent-allow").waitFor();
  const sent = (path) => {
    const found = window.requests.filter((request) => new URL(request.url()).pathname === path);
    assert.equal(found.length, 1, path);
    return found[0].postDataJSON();
  };
  const { client_request: ke1, ...start } = sent("/login/start/");
  assert.deepEqual(start, { email: person.email });
  assert.equal(Buffer.from(ke1, "base64url").length, 96);
  const { client_request: ke3, auth_id, flow_id, ...rest } = sent("/login/finish/");
  assert.deepEqual(rest, {});
  assert.equal(Buffer.from(ke3, "base64url").length, 64);
  assert.ok(auth_id.length < 64 && flow_id.length < 64);
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]));
  assert.ok(!stored.includes(person.password));
});

browse("a wrong password is told, takes the focus, and can be mended", async (window) => {
  const page = await startAtDemo(window);
  await signIn(page, { ...ADA, password: "something else" });
  const alert = byTestId(page, "login-error");
  await alert.waitFor();
  assert.match(await alert.innerText(), /wrong/);
  assert.equal(await alert.getAttribute("role"), "alert");
  assert.ok(await alert.evaluate((element) => element === document.activeElement), "it has the focus");
  for (const field of ["login-email", "login-password"]) {
    assert.equal(await byTestId(page, field).getAttribute("aria-invalid"), "true");
  }
  assert.ok(!window.requests.some((request) => request.url().includes("/login/finish")), "nothing more was sent");
  const wrong = await alert.innerText();
  await signIn(page, { email: "nobody@example.org", password: "something else" });
  await eventually("the second answer", async () => (await alert.count()) === 1);
  assert.equal(await alert.innerText(), wrong, "an unknown address is told alike");
  await signIn(page, ADA);
  await byTestId(page, "consent-allow").waitFor();
});

browse("a forgotten password is reset by mail, and the old one is gone", async (window) => {
  const person = await newcomer("hedy");
  const page = await window.open("/login/");
  await page.getByText("Forgotten password?").click();
  await fill(page, "reset-email", person.email);
  await click(page, "reset-submit");
  await byTestId(page, "mail-sent").waitFor();
  const link = await server.mailedLink(person.email, 2);
  await page.goto(link);
  await fill(page, "reset-password", "after the reset");
  await click(page, "reset-password-submit");
  await page.getByText("Your password is changed").waitFor();
  await signIn(page, person);
  await byTestId(page, "login-error").waitFor();
  await signIn(page, { ...person, password: "after the reset" });
  await byTestId(page, "account-email").waitFor();
  assert.equal(await byTestId(page, "account-email").innerText(), person.email);

  const again = await window.open(link);
  await fill(again, "reset-password", "a third password");
  await click(again, "reset-password-submit");
  await heading(again, "This link no longer works");
});

browse("two tabs sign in at once, each to its own answer", async (window) => {
  const person = await newcomer("twice");
  const [one, two] = [await startAtDemo(window), await startAtDemo(window)];
  assert.notEqual(one.url(), two.url());
  await signIn(one, person);
  await byTestId(one, "consent-allow").waitFor();
  await signIn(two, person);
  await click(two, "consent-allow");
  await byTestId(two, "demo-userinfo").locator("pre").waitFor();
  await click(one, "consent-allow");
  await byTestId(one, "demo-userinfo").locator("pre").waitFor();
  const [first, second] = [await shownClaims(one, "demo-id-token"), await shownClaims(two, "demo-id-token")];
  assert.equal(first.sub, second.sub);
  assert.notEqual(first.nonce, second.nonce);
});

browse("the back button after the sign-in goes on to consent, and after consent says that it is done", async (window) => {
  const person = await newcomer("back");
  const page = await startAtDemo(window);
  await signIn(page, person);
  await byTestId(page, "consent-allow").waitFor();
  await page.goBack();
  await byTestId(page, "consent-allow").waitFor();
  await click(page, "consent-allow");
  await byTestId(page, "demo-userinfo").locator("pre").waitFor();
  await page.goBack();
  await heading(page, "This sign-in has ended");
  await page.goForward();
  await heading(page, /Try the sign-in|You are signed in/);
  assert.equal(await byTestId(page, "demo-error").count(), 0);
});

browse("a refusal comes to the application, and it says so", async (window) => {
  const person = await newcomer("no");
  const page = await startAtDemo(window);
  await signIn(page, person);
  await click(page, "consent-deny");
  await byTestId(page, "demo-error").waitFor();
  assert.match(await byTestId(page, "demo-error").innerText(), /access_denied/);
});

browse("the whole sign-in works by keyboard alone", async (window) => {
  const person = await newcomer("keys");
  const page = await window.open("/demo/");
  await byTestId(page, "demo-signin").waitFor();
  await tabTo(page, "demo-signin");
  await page.keyboard.press("Enter");
  await byTestId(page, "login-email").waitFor();
  await tabTo(page, "login-email");
  await page.keyboard.type(person.email);
  await tabTo(page, "login-password");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await byTestId(page, "login-error").waitFor();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await tabTo(page, "login-password");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(person.password);
  await tabTo(page, "login-submit");
  await page.keyboard.press("Space");
  await byTestId(page, "consent-allow").waitFor();
  await tabTo(page, "consent-allow");
  await page.keyboard.press("Enter");
  await byTestId(page, "demo-userinfo").locator("pre").waitFor();
  await tabTo(page, "demo-signout");
  await page.keyboard.press("Enter");
  await byTestId(page, "demo-signin").waitFor();
});

browse("a single page application of another origin signs in by CORS alone", async (window) => {
  const application = await startApplication();
  try {
    const { client_id } = await server.addClient({
      client_name: "Elsewhere",
      redirect_uris: [application.url],
      token_endpoint_auth_method: "none",
      scope: "openid email",
    });
    const page = await window.open(`${application.url}#${new URLSearchParams({ issuer: server.issuer, client_id })}`);
    await signIn(page, ADA);
    await click(page, "consent-allow");
    await page.locator("#done").waitFor();
    const result = JSON.parse(await page.locator("#done").innerText());
    assert.equal(new URL(page.url()).origin, new URL(application.url).origin);
    assert.equal(result.userinfo.email, ADA.email);
    assert.equal(result.revoked, 200);
    assert.equal(result.after, 401);
    assert.deepEqual(result.closed, ["TypeError", "TypeError", "TypeError"], "no CORS on login, consent and account");
    const refusals = window.complaints.splice(0);
    for (const text of refusals) assert.match(text, /CORS policy|Failed to load resource: net::ERR_FAILED/);
  } finally {
    await application.close();
  }
});

browse("a used, a foreign and a cut link each say so, and offer a new one", async (window) => {
  const address = "links@example.org";
  const page = await window.open("/signup/");
  for (const count of [1, 2]) {
    await fill(page, "signup-email", address);
    await click(page, "signup-submit");
    await byTestId(page, "mail-sent").waitFor();
    await server.mailedLink(address, count);
    await page.getByText("Send again").click();
  }
  const links = [await server.mailedLink(address, 1), await server.mailedLink(address, 2)];
  await page.goto(links[0]);
  await fill(page, "register-password", ADA.password);
  await click(page, "register-submit");
  await byTestId(page, "login-email").waitFor();
  // The other link was for the same account, which is there now.
  for (const link of links) {
    await page.goto(link);
    await heading(page, "This link no longer works");
  }
  await page.getByText("Send me a new link").click();
  await byTestId(page, "signup-email").waitFor();
  await page.goto("/reset/#not-a-token");
  await fill(page, "reset-password", ADA.password);
  await click(page, "reset-password-submit");
  await heading(page, "This link no longer works");
  await page.goto("/confirm/");
  await heading(page, "This link is not complete");
});

test("an expired link says so", async () => {
  const brief = await startServer({ COUNTERSIGN_DEFINE__LIFETIMES__CONFIRM_LINK: "1 s" });
  const window = await openWindow(chromium, brief);
  const page = await window.open("/signup/");
  await fill(page, "signup-email", "late@example.org");
  await click(page, "signup-submit");
  const link = await brief.mailedLink("late@example.org");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await page.goto(link);
  await heading(page, "This link no longer works");
  await window.close();
  await brief.stop();
});

browse("opening a mailed link spends nothing before the page acts on it", async (window) => {
  const address = "scanned@example.org";
  await new Browser(server.issuer).ask("/onboard/signup/", { email: address });
  const link = await server.mailedLink(address);
  for (let visit = 0; visit < 3; visit += 1) assert.equal((await fetch(link)).status, 200);
  const page = await window.open(link);
  await byTestId(page, "register-password").waitFor();
});

browse("an authorization request that cannot be answered shows the error page", async (window) => {
  const page = await window.open("/oauth/authorize/?client_id=demo&redirect_uri=https://evil.example/%22%3E%3Cscript%3E");
  await heading(page, "This sign-in cannot go on");
  assert.match(await byTestId(page, "error-detail").innerText(), /invalid_request/);
});

browse("an address that leads nowhere says so, and blames no application", async (window) => {
  const page = await window.open("/nowhere");
  await heading(page, "There is no such page");
});
