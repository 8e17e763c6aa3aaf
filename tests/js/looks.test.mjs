/** Every page in every state, as seen on a desk by day and on a phone by night: axe-core, overflow, complaints, shifts. */

import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.mjs";
import { byTestId, click, fill, heading, openWindow, refuse, signIn, startChromium } from "./lib/chromium.mjs";
import { LOOKS, viewer } from "./lib/look.mjs";
import { startServer } from "./lib/server.mjs";

const PASSWORD = "correct horse battery staple";

let chromium;
let server;

before(async () => {
  server = await startServer({ COUNTERSIGN_LIMITS__MAIL_ADDRESS__BURST: "100" });
  chromium = await startChromium();
});

after(async () => {
  await chromium?.close();
  await server.stop();
});

async function account(window, see, address) {
  const page = await window.open("/");
  await heading(page, "One account");
  await page.getByText("Create an account").waitFor();
  await see(page, "front page");
  await page.getByText("Create an account").click();
  await heading(page, "Create an account");
  await see(page, "sign up");
  await fill(page, "signup-email", "nonsense");
  await click(page, "signup-submit");
  await byTestId(page, "email-error").waitFor();
  await see(page, "sign up with a slip");
  await fill(page, "signup-email", address);
  await click(page, "signup-submit");
  await byTestId(page, "mail-sent").waitFor();
  await see(page, "mail sent");

  const link = await server.mailedLink(address);
  let proceed;
  const held = new Promise((resolve) => {
    proceed = resolve;
  });
  await page.route("**/onboard/email/", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(link);
  await heading(page, "Confirming");
  await see(page, "confirming");
  proceed();
  await heading(page, "Choose your password");
  await see(page, "register");
  for (const [words, password] of Object.entries({ weak: "password", fair: "hunter2 and more", strong: PASSWORD })) {
    await fill(page, "register-password", password);
    await page.locator(".meter-name:not(:empty)").waitFor();
    await see(page, `register with a ${words} password`);
    if (words === "weak") {
      await click(page, "register-submit");
      await byTestId(page, "register-error").waitFor();
      await see(page, "register refuses a weak password");
    }
  }
  await click(page, "register-submit");
  await page.getByText("Your account is ready").waitFor();
  await see(page, "registered");
  await page.goto(link);
  await heading(page, "This link no longer works");
  await see(page, "link used");
  await page.close();
}

async function password(window, see) {
  const page = await window.open("/forgot/");
  await byTestId(page, "reset-email").waitFor();
  await see(page, "forgotten password");
  await page.goto("/reset/");
  await heading(page, "This link is not complete");
  await see(page, "link cut");
  await page.goto("/reset/#AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  await heading(page, "Choose a new password");
  await see(page, "reset");
  await fill(page, "reset-password", PASSWORD);
  await click(page, "reset-password-submit");
  await heading(page, "This link no longer works");
  await see(page, "reset link used");
  await page.close();
}

async function signInStates(window, see, person) {
  const page = await window.open("/login/");
  await heading(page, "Sign in");
  await see(page, "sign in");
  await click(page, "login-submit");
  await byTestId(page, "login-error").waitFor();
  await see(page, "sign in with a slip");
  await page.getByText("Show", { exact: true }).click();
  await signIn(page, { ...person, password: "wrong" });
  await byTestId(page, "login-error").filter({ hasText: "wrong" }).waitFor();
  await see(page, "wrong password");
  await refuse(page, "/login/start/", 429, "too-many-attempts", { "Retry-After": "90" });
  await click(page, "login-submit");
  await byTestId(page, "login-error").filter({ hasText: "Too many" }).waitFor();
  await see(page, "too many attempts");
  await page.close();
}

async function flow(window, see, person) {
  const page = await window.open("/demo/");
  await byTestId(page, "demo-signin").waitFor();
  await see(page, "demo");
  await click(page, "demo-signin");
  await byTestId(page, "login-email").waitFor();
  await page.getByText("Demo application").waitFor();
  const login = page.url();
  await see(page, "sign in for an application");
  await signIn(page, person);
  await byTestId(page, "consent-allow").waitFor();
  await page.getByText("Not you?").waitFor();
  await see(page, "consent");

  // Elsewhere: the same address in another browser, and without an answer of the server.
  const stranger = await window.open("/login/");
  await refuse(stranger, "/oauth/flow/", 403, "wrong-browser");
  await stranger.goto(login);
  await heading(stranger, "Begun in another browser");
  await see(stranger, "begun in another browser");
  await stranger.unrouteAll();
  await refuse(stranger, "/oauth/flow/", 503, "unavailable", { "Retry-After": "5" });
  await stranger.goto(login);
  await heading(stranger, "Please try again");
  await see(stranger, "server busy");
  await stranger.close();

  await click(page, "consent-deny");
  await byTestId(page, "demo-error").waitFor();
  await see(page, "demo refused");
  await click(page, "demo-signin");
  await click(page, "consent-allow");
  await byTestId(page, "demo-userinfo").locator("pre").waitFor();
  await see(page, "demo signed in");
  await page.goto(login);
  await heading(page, "This sign-in has ended");
  await see(page, "flow ended");
  await page.close();
}

async function device(window, see) {
  const { client_id } = await server.addClient({
    client_name: "Television",
    token_endpoint_auth_method: "none",
    grant_types: ["urn:ietf:params:oauth:grant-type:device_code"],
  });
  const body = new URLSearchParams({ client_id, scope: "openid email" });
  const begun = await (await fetch(server.url("/oauth/device/"), { method: "POST", body })).json();
  const page = await window.open("/device/");
  await byTestId(page, "device-user-code").waitFor();
  await see(page, "device");
  await fill(page, "device-user-code", "BCDF-GHJK");
  await click(page, "device-submit");
  await byTestId(page, "device-error").waitFor();
  await see(page, "device with a wrong code");
  await fill(page, "device-user-code", begun.user_code);
  await click(page, "device-submit");
  await byTestId(page, "device-allow").waitFor();
  await see(page, "device asks");
  await click(page, "device-deny");
  await byTestId(page, "device-done").waitFor();
  await see(page, "device refused");
  await page.close();
}

async function signedIn(window, see) {
  const page = await window.open("/");
  await page.getByText("You are signed in as").waitFor();
  await see(page, "front page signed in");
  await page.getByText("Your account").click();
  await byTestId(page, "account-signout").waitFor();
  await see(page, "account");
  await page.goto("/oauth/logout/");
  await byTestId(page, "logout-confirm").waitFor();
  await see(page, "sign out");
  await click(page, "logout-confirm");
  await heading(page, "You are signed out");
  await see(page, "signed out");
  await page.goto("/dev/mailbox/");
  await byTestId(page, "mail").first().waitFor();
  await see(page, "mailbox");
  await page.goto("/error/");
  await heading(page, "Something went wrong");
  await see(page, "error");
  await page.goto("/oauth/authorize/?client_id=nobody");
  await heading(page, "This sign-in cannot go on");
  await see(page, "error of an application");
  await page.close();
}

for (const [look, options] of Object.entries(LOOKS)) {
  test(`every page, ${look}`, async () => {
    const window = await openWindow(chromium, server, options);
    const see = viewer(look);
    const name = look.replaceAll(" ", ".");
    const person = { email: `ada.${name}@example.org`, password: PASSWORD };
    await new Browser(server.issuer).signUp(server, person.email, person.password);
    try {
      await account(window, see, `new.${name}@example.org`);
      await password(window, see);
      await signInStates(window, see, person);
      await flow(window, see, person);
      await device(window, see);
      await signedIn(window, see);
    } catch (error) {
      error.message += `\n${await window.describe()}`;
      await window.context.close();
      throw error;
    }
    await window.close();
  });
}
