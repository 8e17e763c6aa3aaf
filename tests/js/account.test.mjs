/** The account page and the pages that it leads to, in Chromium: what a member does there, and a leaver. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Browser } from "./lib/browser.mjs";
import {
  byTestId,
  click,
  fill,
  heading,
  openWindow,
  refuse,
  signIn,
  startChromium,
  tabTo,
} from "./lib/chromium.mjs";
import { LOOKS, viewer } from "./lib/look.mjs";
import { eventually, startServe, startServer } from "./lib/server.mjs";
import { startSmtp } from "./lib/smtp.mjs";

const MAILS = { COUNTERSIGN_LIMITS__MAIL_ADDRESS__BURST: "200" };

let chromium;
/** The development server, with its demo application and its mailbox. */
let dev;
/** The server as in production, whose mail leaves by SMTP. */
let served;
let smtp;

before(async () => {
  chromium = await startChromium();
  dev = await startServer(MAILS);
  smtp = await startSmtp();
  served = await startServe(smtp, MAILS);
});

after(async () => {
  await chromium?.close();
  await dev.stop();
  await served.stop();
  await smtp.close();
});

/** Somebody new with an account on `server`. */
async function newcomer(server, name) {
  const person = { email: `${name}@example.org`, password: `the password of ${name}` };
  await new Browser(server.issuer).signUp(server, person.email, person.password);
  return person;
}

/** A test in which each of several people or devices has a window of its own. */
function browse(name, server, steps, options = {}) {
  test(name, async () => {
    const windows = [];
    const open = async (more = {}) => {
      const window = await openWindow(chromium, server(), { forgiving: true, ...options, ...more });
      windows.push(window);
      return window;
    };
    try {
      await steps(open, server());
    } catch (error) {
      for (const window of windows) {
        error.message += `\n${await window.describe()}`;
        await window.context.close();
      }
      throw error;
    }
    for (const window of windows) await window.close();
  });
}

const onDev = () => dev;
const onServed = () => served;

/** Signs in, to the account page with all its parts. */
async function openAccount(window, person) {
  const page = await window.open("/login/");
  await signIn(page, person);
  await byTestId(page, "account-delete").waitFor();
  return page;
}

/** Whether the browser of this page is signed in. */
async function isSignedIn(page) {
  return page.evaluate(async () => (await fetch("/account/session/")).ok);
}

/** The profile as the API of the server's own pages gives it. */
function readProfile(page, path) {
  return page.evaluate(async (at) => (await fetch(at)).json(), path);
}

/** What the sign-in page says to this person, who cannot sign in. */
async function refusal(window, person) {
  const page = await window.open("/login/");
  await signIn(page, person);
  const words = await byTestId(page, "login-error").innerText();
  await page.close();
  return words;
}

async function hasFocus(locator) {
  return locator.evaluate((element) => element === document.activeElement);
}

browse("a member edits the profile, and finds it again here and in the members' API", onDev, async (open, server) => {
  const person = await newcomer(server, "member");
  await server.command("user", "scope", person.email, "--add", "member");
  const page = await openAccount(await open(), person);
  assert.match(await byTestId(page, "account-profile").innerText(), /have not said anything/);
  await click(page, "profile-edit");
  assert.ok(await hasFocus(byTestId(page, "profile-given-name")), "the form starts at its first field");
  const said = {
    "given-name": "مريم 👩‍🔬",
    "family-name": "<b>O'Neil</b>",
    "call-name": "王小明",
    phone: "+31 (6) 1234-5678",
    "birth-date": "2004-02-29",
    education: "Physics & more",
    "street-address": "Mill 1\nYard",
    "postal-code": "1234 AB",
    locality: "Delft",
    region: "Zuid-Holland",
    country: "Netherlands",
  };
  for (const [name, text] of Object.entries(said)) await fill(page, `profile-${name}`, text);
  await byTestId(page, "profile-age-privacy").check();
  await byTestId(page, "profile-locale").selectOption("nl");
  await click(page, "profile-save");
  await byTestId(page, "profile-saved").waitFor();
  assert.ok(await hasFocus(byTestId(page, "profile-edit")), "the focus is back where it came from");

  await page.reload();
  const facts = await byTestId(page, "profile-facts").innerText();
  for (const text of ["مريم 👩‍🔬 <b>O'Neil</b>", "王小明", "+31612345678", "2004", "Mill 1\nYard\n1234 AB Delft"]) {
    assert.ok(facts.includes(text), `${text} in:\n${facts}`);
  }
  assert.match(facts, /hidden from other members/);
  assert.match(facts, /Nederlands/);
  const expected = {
    given_name: said["given-name"],
    phone: "+31612345678",
    birth_date: "2004-02-29",
    street_address: "Mill 1\nYard",
    age_privacy: true,
    locale: "nl",
  };
  for (const path of ["/res/profile/", "/account/profile/"]) {
    const profile = await readProfile(page, path);
    for (const [name, value] of Object.entries(expected)) assert.equal(profile[name], value, `${path}: ${name}`);
  }

  // What is emptied is gone, and the rest stays.
  await click(page, "profile-edit");
  assert.equal(await byTestId(page, "profile-birth-date").inputValue(), "2004-02-29");
  await fill(page, "profile-phone", "");
  await fill(page, "profile-birth-date", "");
  await click(page, "profile-save");
  await byTestId(page, "profile-saved").waitFor();
  const after = await readProfile(page, "/res/profile/");
  assert.deepEqual([after.phone, after.birth_date, after.call_name], [undefined, undefined, "王小明"]);
  await click(page, "profile-edit");
  await click(page, "profile-save");
  await page.getByText("Nothing was changed.").waitFor();
  await click(page, "profile-edit");
  await fill(page, "profile-call-name", "not kept");
  await click(page, "profile-cancel");
  assert.ok(!(await byTestId(page, "profile-facts").innerText()).includes("not kept"));
});

browse("what cannot be is refused at its field, and nothing is saved", onDev, async (open, server) => {
  const page = await openAccount(await open(), await newcomer(server, "wrong"));
  await click(page, "profile-edit");
  const wrong = {
    "given-name": ["a".repeat(101), /longer than 100 characters/],
    "family-name": ["Ann\u202egnp.exe", /control character/],
    phone: ["call me", /not a phone number/],
    "birth-date": ["2190-01-01", /lies in the future/],
  };
  const summary = byTestId(page, "profile-errors");
  for (const [name, [text, words]] of Object.entries(wrong)) {
    const field = byTestId(page, `profile-${name}`);
    await fill(page, `profile-${name}`, text);
    await click(page, "profile-save");
    await summary.filter({ hasText: words }).waitFor();
    assert.ok(await hasFocus(summary), "the summary has the focus");
    assert.equal(await summary.getAttribute("role"), "alert");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    const described = await field.getAttribute("aria-describedby");
    assert.match(await page.locator(`[id="${described}"]`).innerText(), words);
    await summary.getByRole("button").click();
    assert.ok(await hasFocus(field), "the summary leads to the field");
    await fill(page, `profile-${name}`, "");
  }
  // A day that does not exist is no empty field.
  await byTestId(page, "profile-birth-date").press("0");
  await click(page, "profile-save");
  await summary.filter({ hasText: "no such day" }).waitFor();
  await fill(page, "profile-birth-date", "");
  const { given_name, phone, birth_date } = await readProfile(page, "/account/profile/");
  assert.deepEqual([given_name, phone, birth_date], [undefined, undefined, undefined]);

  await fill(page, "profile-given-name", "Ann");
  await refuse(page, "/account/profile/", 503, "unavailable", { "Retry-After": "1" });
  await click(page, "profile-save");
  await byTestId(page, "profile-error").filter({ hasText: "busy" }).waitFor();
  await page.unrouteAll();
  await page.getByText("Save", { exact: true }).click();
  await byTestId(page, "profile-saved").waitFor();
  assert.equal((await readProfile(page, "/account/profile/")).given_name, "Ann");
});

browse("one browser signs out another, and then all others", onDev, async (open, server) => {
  const person = await newcomer(server, "devices");
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:142.0) Gecko/20100101 Firefox/142.0";
  const others = [];
  for (let count = 0; count < 5; count += 1) {
    const other = new Browser(server.issuer);
    await other.signIn(person.email, person.password);
    others.push(other);
  }
  const areSignedIn = () => Promise.all(others.map(async (one) => (await one.request("/account/session/")).ok));
  const laptop = await openAccount(await open({ userAgent: mac }), person);
  const here = await openAccount(await open(), person);
  assert.match(await byTestId(here, "device-current").innerText(), /This browser/);
  assert.equal(await byTestId(here, "device").count(), 4, "the first of many");
  await here.getByText("Show all 7").click();
  assert.equal(await byTestId(here, "device").count(), 6);
  assert.equal(await byTestId(here, "device-current").count(), 1);

  const row = byTestId(here, "device").filter({ hasText: "Firefox on Mac" });
  await row.locator('[data-testid="device-end"]').click();
  await here.getByText("Firefox on Mac is signed out.").waitFor();
  await eventually("the row to go", async () => (await byTestId(here, "device").count()) === 5);
  assert.ok(await hasFocus(byTestId(here, "account-devices").locator("h2")), "the focus is not lost with the row");
  // Whoever was signed out learns of it with the next thing they do.
  await byTestId(laptop, "profile-edit").click();
  await fill(laptop, "profile-given-name", "Too late");
  await click(laptop, "profile-save");
  await heading(laptop, "Sign in");
  assert.deepEqual(await areSignedIn(), [true, true, true, true, true]);

  await click(here, "devices-end-others");
  await here.getByText("5 other devices are signed out.").waitFor();
  await eventually("the rows to go", async () => (await byTestId(here, "device").count()) === 0);
  assert.equal(await byTestId(here, "devices-end-others").count(), 0, "there is nobody left to sign out");
  assert.ok(await isSignedIn(here));
  assert.deepEqual(await areSignedIn(), [false, false, false, false, false]);
});

browse("an application is disconnected: its tokens end, and it has to ask again", onDev, async (open, server) => {
  const person = await newcomer(server, "connected");
  const window = await open();
  const demo = await window.open("/demo/");
  await click(demo, "demo-signin");
  await signIn(demo, person);
  await click(demo, "consent-allow");
  await byTestId(demo, "demo-userinfo").locator("pre").waitFor();
  const page = await window.open("/account/");
  const row = byTestId(page, "application");
  await row.waitFor();
  assert.match(await row.innerText(), /Demo application[^]*See your e-mail address/);
  await click(page, "application-end");
  await page.getByText("Demo application is disconnected.").waitFor();
  await page.getByText("No application is connected").waitFor();
  await click(demo, "demo-refresh");
  await byTestId(demo, "demo-error").waitFor();
  await demo.goto("/demo/");
  await click(demo, "demo-signin");
  await byTestId(demo, "consent-allow").waitFor();
});

browse("the password is changed by who knows it, and the old one opens nothing", onDev, async (open, server) => {
  const person = await newcomer(server, "password");
  const renewed = { ...person, password: "a better one, at last" };
  const window = await open();
  const page = await openAccount(window, person);
  const phone = await openAccount(await open(), person);
  await click(page, "password-change");
  assert.ok(await hasFocus(byTestId(page, "password-current")));
  await click(page, "password-submit");
  await byTestId(page, "password-error").filter({ hasText: "enter your current password" }).waitFor();
  await fill(page, "password-current", person.password);
  await fill(page, "password-new", "password");
  await click(page, "password-submit");
  await byTestId(page, "password-error").filter({ hasText: "choose another password" }).waitFor();
  assert.ok(await hasFocus(byTestId(page, "password-new")));
  await fill(page, "password-current", "not this one");
  await fill(page, "password-new", renewed.password);
  await click(page, "password-submit");
  await byTestId(page, "password-error").filter({ hasText: "not your current password" }).waitFor();
  assert.ok(await hasFocus(byTestId(page, "password-current")));
  assert.equal(await byTestId(page, "password-current").getAttribute("aria-invalid"), "true");
  assert.ok(await isSignedIn(phone), "nothing has happened yet");

  await fill(page, "password-current", person.password);
  await click(page, "password-submit");
  await byTestId(page, "password-done").waitFor();
  await eventually("the other device to go", async () => (await byTestId(page, "device").count()) === 0);
  assert.ok(await isSignedIn(page), "who changed it stays");
  await phone.reload();
  await heading(phone, "Sign in");
  await server.mail(person.email, "password");
  const other = await open();
  assert.match(await refusal(other, person), /wrong/);
  await openAccount(other, renewed);
  const sent = window.requests.map((request) => request.postData() ?? "").join("\n");
  for (const secret of [person.password, renewed.password]) assert.ok(!sent.includes(secret));
});

browse("the address is changed by mailed link and a fresh sign-in", onServed, async (open, server) => {
  const person = await newcomer(server, "moving");
  const stranger = await newcomer(server, "stranger");
  const moved = { ...person, email: "moved@example.org" };
  const page = await openAccount(await open(), person);
  await click(page, "email-change");
  for (const [address, words] of [
    ["nowhere", /not an e-mail address/],
    ["two@at@signs", /not an e-mail address/],
    [person.email, /your address already/],
  ]) {
    await fill(page, "email-new", address);
    await click(page, "email-submit");
    await byTestId(page, "email-error").filter({ hasText: words }).waitFor();
    assert.equal(await byTestId(page, "email-new").getAttribute("aria-invalid"), "true");
  }
  await fill(page, "email-new", moved.email);
  await click(page, "email-submit");
  await byTestId(page, "email-sent").waitFor();
  const link = await server.mailedLink(moved.email);
  assert.match(link, /\/email\/#/);

  // It is opened where the new mailbox is, in a browser that knows nobody.
  const window = await open();
  const there = await window.open(link);
  await byTestId(there, "move-email").waitFor();
  assert.ok(!there.url().includes("#"), "the token is not left in the address");
  await click(there, "move-submit");
  await byTestId(there, "move-error").filter({ hasText: "enter your e-mail address" }).waitFor();
  await fill(there, "move-email", person.email);
  await fill(there, "move-password", "not this one");
  await click(there, "move-submit");
  await byTestId(there, "move-error").filter({ hasText: "wrong" }).waitFor();
  assert.ok(await hasFocus(byTestId(there, "move-error")));
  // Somebody else's password opens somebody else's account.
  await fill(there, "move-email", stranger.email);
  await fill(there, "move-password", stranger.password);
  await click(there, "move-submit");
  await byTestId(there, "move-error").filter({ hasText: "another account" }).waitFor();
  await fill(there, "move-email", person.email);
  await fill(there, "move-password", person.password);
  await click(there, "move-submit");
  await byTestId(there, "moved").waitFor();
  assert.match(await byTestId(there, "moved").innerText(), /moved@example\.org/);

  const told = await server.mail(person.email, "was changed");
  assert.ok(!told.text.includes(moved.email), "the old mailbox does not learn the new address");
  await there.reload();
  await byTestId(there, "moved").waitFor();
  await there.getByText("Go to your account").click();
  await byTestId(there, "account-delete").waitFor();
  assert.equal(await byTestId(there, "account-email").innerText(), moved.email);
  await page.reload();
  await heading(page, "Sign in");
  const other = await open();
  assert.match(await refusal(other, person), /wrong/);
  await openAccount(other, moved);

  await there.goto(link);
  await byTestId(there, "move-password").waitFor();
  assert.equal(await byTestId(there, "move-email").inputValue(), moved.email, "it knows who is signed in");
  await fill(there, "move-password", moved.password);
  await click(there, "move-submit");
  await heading(there, "This link no longer works");
  await there.goto("/email/#cut");
  await fill(there, "move-password", moved.password);
  await click(there, "move-submit");
  await heading(there, "This link no longer works");
  await heading(await window.open("/email/"), "This link is not complete");
});

browse("an account is deleted by who knows its password, and nothing tells that it was there", onServed, async (open, server) => {
  const person = await newcomer(server, "leaver");
  const stayer = await newcomer(server, "stayer");
  const page = await openAccount(await open(), person);
  const phone = await openAccount(await open(), person);
  await click(page, "account-delete");
  await heading(page, "Delete your account?");
  assert.ok(!page.url().includes("#"), "the token is not left in the address");
  assert.equal(await byTestId(page, "delete-email").inputValue(), person.email);
  // Who thinks better of it keeps everything.
  await page.getByText("Keep my account").click();
  await byTestId(page, "account-delete").click();
  await fill(page, "delete-password", "not this one");
  await click(page, "delete-submit");
  await byTestId(page, "delete-error").filter({ hasText: "wrong" }).waitFor();
  await fill(page, "delete-email", stayer.email);
  await fill(page, "delete-password", stayer.password);
  await click(page, "delete-submit");
  await byTestId(page, "delete-error").filter({ hasText: "another account" }).waitFor();
  assert.ok(await isSignedIn(phone), "nothing has happened yet");
  await fill(page, "delete-email", person.email);
  await fill(page, "delete-password", person.password);
  await click(page, "delete-submit");
  await byTestId(page, "deleted").waitFor();

  assert.ok(!(await isSignedIn(page)));
  await phone.reload();
  await heading(phone, "Sign in");
  await server.mail(person.email, "was deleted");
  const other = await open();
  const gone = await refusal(other, person);
  assert.equal(gone, await refusal(other, { ...stayer, password: "wrong" }), "the same words as for a wrong password");
  await openAccount(other, stayer);
  // The address may come back.
  await new Browser(server.issuer).ask("/onboard/signup/", { email: person.email });
  assert.match(await server.mailedLink(person.email, 2), /\/confirm\/#/);
});

/** What a master key signs (docs/entitlements.md): BLAKE2b with a personalisation, which Node does not have. */
async function challengeHash({ version, master_pkey, issuer, account, nonce, expires_at }) {
  const text = (words) => {
    const bytes = Buffer.from(words);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const expiry = Buffer.alloc(8);
  expiry.writeBigUInt64LE(BigInt(expires_at));
  const parts = [Buffer.from([version]), Buffer.from(master_pkey, "hex"), ...[issuer, account, nonce].map(text), expiry];
  const hash = "import hashlib,sys;print(hashlib.blake2b(bytes.fromhex(sys.argv[1]),digest_size=32,person=b'CsLinkMasterKey_').hexdigest())";
  const { stdout } = await promisify(execFile)("python3", ["-c", hash, Buffer.concat(parts).toString("hex")]);
  return Buffer.from(stdout.trim(), "hex");
}

browse("a subscription is linked by a signature of its key, and unlinked", onDev, async (open, server) => {
  const person = await newcomer(server, "subscriber");
  const see = viewer("account subscription");
  const page = await openAccount(await open(), person);
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x, "base64url").toString("hex");
  await fill(page, "entitlements-key", "not a key");
  await click(page, "entitlements-key-submit");
  await byTestId(page, "entitlements-key-error").filter({ hasText: "64 hexadecimal digits" }).waitFor();
  await fill(page, "entitlements-key", key);
  await click(page, "entitlements-key-submit");
  const challenge = JSON.parse(await byTestId(page, "entitlements-challenge").innerText());
  assert.ok(await hasFocus(byTestId(page, "entitlements-signature")), "the second step goes on where the first one was");
  await see(page, "challenge");
  await fill(page, "entitlements-signature", "00".repeat(64));
  await click(page, "entitlements-signature-submit");
  await byTestId(page, "entitlements-signature-error").filter({ hasText: "sign it again" }).waitFor();
  await fill(page, "entitlements-signature", sign(null, await challengeHash(challenge), privateKey).toString("hex"));
  await click(page, "entitlements-signature-submit");
  await byTestId(page, "entitlements-linked").waitFor();
  assert.ok((await byTestId(page, "entitlements-linked").innerText()).startsWith(key.slice(0, 8)));
  assert.equal(await byTestId(page, "entitlements-plan").innerText(), "None yet");
  await see(page, "linked");

  // Whoever leaves is told what becomes of it.
  await click(page, "account-delete");
  await page.getByText("the link from your account to your subscription").waitFor();
  await page.getByText("Keep my account").click();
  await click(page, "entitlements-unlink");
  await byTestId(page, "entitlements-key").waitFor();
});

browse("the last administrator stays, and is told why", onDev, async (open, server) => {
  const person = await newcomer(server, "board");
  await server.command("user", "scope", person.email, "--add", "admin");
  const page = await openAccount(await open(), person);
  assert.equal(await byTestId(page, "admin-link").getAttribute("href"), "/admin/");
  await click(page, "account-delete");
  await fill(page, "delete-password", person.password);
  await click(page, "delete-submit");
  await heading(page, "Nothing was changed");
  assert.match(await byTestId(page, "stopped").innerText(), /last administrator/);
  await page.getByText("Go to your account").click();
  await byTestId(page, "account-delete").waitFor();
});

browse("the profile is edited and mended by keyboard alone", onDev, async (open, server) => {
  const page = await openAccount(await open(), await newcomer(server, "keyboard"));
  await tabTo(page, "profile-edit");
  await page.keyboard.press("Enter");
  assert.ok(await hasFocus(byTestId(page, "profile-given-name")));
  await page.keyboard.type("Ann");
  await tabTo(page, "profile-phone");
  await page.keyboard.type("none");
  await page.keyboard.press("Enter");
  await byTestId(page, "profile-errors").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.ok(await hasFocus(byTestId(page, "profile-phone")), "the summary leads to the field");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("+31 6 12345678");
  await tabTo(page, "profile-age-privacy");
  await page.keyboard.press("Space");
  await tabTo(page, "profile-save");
  await page.keyboard.press("Enter");
  await byTestId(page, "profile-saved").waitFor();
  assert.ok(await hasFocus(byTestId(page, "profile-edit")));
  const { given_name, phone, age_privacy } = await readProfile(page, "/account/profile/");
  assert.deepEqual([given_name, phone, age_privacy], ["Ann", "+31612345678", true]);
});

browse("a part that cannot be loaded says so alone, and is tried again", onDev, async (open, server) => {
  const window = await open();
  const page = await openAccount(window, await newcomer(server, "partly"));
  await refuse(page, "/account/sessions/", 503, "unavailable");
  await page.reload();
  const part = byTestId(page, "account-devices");
  await part.getByText("could not be loaded").waitFor();
  await byTestId(page, "account-applications").getByText("No application").waitFor();
  await byTestId(page, "account-delete").waitFor();
  await page.unrouteAll();
  await part.getByRole("button", { name: "Try again" }).click();
  assert.ok(await hasFocus(part.locator("h2")), "the focus is not lost with the button");
  await byTestId(page, "device-current").waitFor();
  // Without a session there is nothing to read at all.
  await window.context.clearCookies();
  await page.reload();
  await heading(page, "Sign in");
});

for (const [look, options] of Object.entries(LOOKS)) {
  browse(
    `the person's own pages, ${look}`,
    onDev,
    async (open, server) => {
      const person = await newcomer(server, `look.${look.replaceAll(" ", ".")}`);
      const window = await open();
      const see = viewer(`account ${look}`);
      const demo = await window.open("/demo/");
      await click(demo, "demo-signin");
      await signIn(demo, person);
      await click(demo, "consent-allow");
      await byTestId(demo, "demo-userinfo").locator("pre").waitFor();
      await demo.close();
      const page = await window.open("/account/");
      await byTestId(page, "account-delete").waitFor();
      await see(page, "new account");
      await click(page, "profile-edit");
      await see(page, "edit");
      await fill(page, "profile-given-name", "Maximiliane");
      await fill(page, "profile-family-name", "von und zu Hohenstein-Oberwiesenthal");
      await fill(page, "profile-street-address", "Mill 1\nYard");
      await fill(page, "profile-locality", "Delft");
      await fill(page, "profile-phone", "call me");
      await click(page, "profile-save");
      await byTestId(page, "profile-errors").waitFor();
      await see(page, "edit refused");
      await fill(page, "profile-phone", "+31 6 12345678");
      await click(page, "profile-save");
      await byTestId(page, "profile-saved").waitFor();
      await see(page, "saved");
      await click(page, "password-change");
      await fill(page, "password-new", "hunter2 and more");
      await page.locator(".meter-name:not(:empty)").waitFor();
      await see(page, "change password");
      await click(page, "password-submit");
      await byTestId(page, "password-error").waitFor();
      await see(page, "change password refused");
      await click(page, "password-cancel");
      await click(page, "email-change");
      await see(page, "change address");
      await fill(page, "email-new", `new.${person.email}`);
      await click(page, "email-submit");
      await byTestId(page, "email-sent").waitFor();
      await see(page, "change address asked");

      const phone = { userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) Version/18.5 Mobile/15E148 Safari/604.1" };
      const elsewhere = await open(phone);
      await (await openAccount(elsewhere, person)).close();
      await refuse(page, "/account/applications/", 503, "unavailable", { "Retry-After": "30" });
      await page.goto("/account/");
      await byTestId(page, "device").waitFor();
      await see(page, "devices, and a part that failed");
      await page.unrouteAll();
      await click(page, "device-end");
      await byTestId(page, "devices-notice").waitFor();
      await see(page, "device signed out");

      await page.goto(await server.mailedLink(`new.${person.email}`));
      await byTestId(page, "move-password").waitFor();
      await see(page, "confirm address");
      await fill(page, "move-password", "wrong");
      await click(page, "move-submit");
      await byTestId(page, "move-error").waitFor();
      await see(page, "confirm address with a wrong password");
      await fill(page, "move-password", person.password);
      await click(page, "move-submit");
      await byTestId(page, "moved").waitFor();
      await see(page, "address changed");
      await page.getByText("Go to your account").click();
      await click(page, "account-delete");
      await byTestId(page, "delete-password").waitFor();
      await see(page, "delete");
      await click(page, "delete-submit");
      await byTestId(page, "delete-error").waitFor();
      await see(page, "delete with a slip");
      await fill(page, "delete-password", person.password);
      await click(page, "delete-submit");
      await byTestId(page, "deleted").waitFor();
      await see(page, "deleted");
      await page.reload();
      await byTestId(page, "deleted").waitFor();
      await page.close();
      const cut = await window.open("/account/delete/");
      await heading(cut, "This link is not complete");
      await see(cut, "link cut");
      await cut.close();
    },
    options,
  );
}
