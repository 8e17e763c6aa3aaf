/** A club under the policy "approval", in Chromium: people ask to join, an administrator decides, and looks after all. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { Browser } from "./lib/browser.mjs";
import { byTestId, click, fill, heading, inWindow, openWindow, signIn, startChromium } from "./lib/chromium.mjs";
import { REFUSED, startClub } from "./lib/club.mjs";
import { LOOKS, viewer } from "./lib/look.mjs";
import { eventually } from "./lib/server.mjs";

const PASSWORD = "correct horse battery staple";
const BOARD = { email: "board@example.org", password: PASSWORD };

let chromium;
let club;

before(async () => {
  club = await startClub({ COUNTERSIGN_DEFINE__ONBOARDING: "approval" });
  await club.addPerson(BOARD.email, BOARD.password, "member", "admin");
  chromium = await startChromium();
});

after(async () => {
  await chromium?.close();
  await club.stop();
});

/** A test with a window of its own, in which nobody is signed in. */
function browse(name, steps, options) {
  test(name, () => inWindow(chromium, club, options, steps));
}

/** Opens a part of the administration page as the board, which signs in on the way. */
async function administer(window, path = "/admin/") {
  const page = await window.open(path);
  await byTestId(page, "login-email").waitFor();
  await signIn(page, BOARD);
  await page.locator(".sections-nav").waitFor();
  await page.locator("main:not([data-pending])").waitFor();
  return page;
}

/** Fills in what is named and sends the sign-up form, and opens the mailed link: now they wait. */
async function askToJoin(page, email, said = {}) {
  await page.goto("/signup/");
  await fill(page, "signup-email", email);
  for (const [field, text] of Object.entries(said)) await fill(page, `signup-${field}`, text);
  await click(page, "signup-submit");
  await byTestId(page, "mail-sent").waitFor();
  await page.goto(await club.mailedLink(email, "/confirm/"));
  await byTestId(page, "signup-waits").waitFor();
}

/** The row of a list that has this text in it. */
const rowOf = (page, text) => page.locator(".row").filter({ hasText: text });

const inRow = (page, text, id) => rowOf(page, text).locator(`[data-testid="${id}"]`);

/** Waits until `what` was said to be done, and that it has the focus. */
async function isDone(page, what) {
  const done = byTestId(page, "admin-done").filter({ hasText: what });
  await done.waitFor();
  await eventually("the focus at what was done", () => done.evaluate((element) => element === document.activeElement));
}

async function register(page, link, password) {
  await page.goto(link);
  await fill(page, "register-password", password);
  await click(page, "register-submit");
  await page.getByText("Your account is ready").waitFor();
}

browse("somebody asks to join, waits, is admitted, registers and signs in as a member", async (window) => {
  const ann = { email: "ann@example.org", password: PASSWORD };
  const page = await window.open("/signup/");
  await heading(page, "Ask to join");
  await askToJoin(page, ann.email, { "given-name": "Ann", "family-name": "de Vries", phone: "+31 6 1234 5678" });
  assert.ok(!page.url().includes("#"), "the token is not left in the address");
  await page.reload();
  await byTestId(page, "signup-waits").filter({ hasText: ann.email }).waitFor();

  const board = await openWindow(chromium, club);
  const desk = await administer(board);
  await rowOf(desk, "Ann de Vries").filter({ hasText: "+31612345678" }).waitFor();
  await inRow(desk, "Ann de Vries", "applicant-admit").click();
  await fill(desk, "admit-number", "A-17");
  await fill(desk, "admit-joined", "2026-09-01");
  await click(desk, "admit-yes");
  await isDone(desk, "Ann de Vries is admitted");
  await byTestId(desk, "applicants-empty").waitFor();
  await click(desk, "stage-admitted");
  await rowOf(desk, "Ann de Vries").filter({ hasText: "No. A-17" }).waitFor();

  const link = await club.mailedLink(ann.email, "/register/");
  await page.goto(link);
  await byTestId(page, "register-password").waitFor();
  assert.ok(!page.url().includes("#"), "the token is not left in the address");
  await fill(page, "register-password", ann.password);
  await byTestId(page, "register-more").locator("summary").click();
  await fill(page, "register-call-name", "Annie");
  await fill(page, "register-education", "Physics");
  await fill(page, "register-birth-date", "2150-01-01");
  await byTestId(page, "register-age-privacy").check();
  await click(page, "register-submit");
  await byTestId(page, "register-error").filter({ hasText: "Date of birth: it lies in the future" }).waitFor();
  await fill(page, "register-birth-date", "2004-02-29");
  await click(page, "register-submit");
  await page.getByText("Your account is ready").waitFor();
  assert.equal(await byTestId(page, "login-email").inputValue(), ann.email);
  await fill(page, "login-password", ann.password);
  await click(page, "login-submit");
  await page.waitForURL("**/account/");
  const profile = await page.evaluate(async () => (await fetch("/res/profile/")).json());
  const { given_name, family_name, call_name, phone, birth_date, education, age_privacy, membership_number, joined } = profile;
  assert.deepEqual(
    { given_name, family_name, call_name, phone, birth_date, education, age_privacy, membership_number, joined },
    {
      given_name: "Ann",
      family_name: "de Vries",
      call_name: "Annie",
      phone: "+31612345678",
      birth_date: "2004-02-29",
      education: "Physics",
      age_privacy: true,
      membership_number: "A-17",
      joined: "2026-09-01",
    },
  );

  // The list has forgotten her, and the people have her.
  await desk.reload();
  await byTestId(desk, "applicants-empty").waitFor();
  await click(desk, "admin-nav-people");
  await rowOf(desk, "Ann de Vries").filter({ hasText: "member" }).waitFor();
  await board.close();
});

browse("only the address is needed to ask, and only the password to register", async (window) => {
  const person = { email: "brief@example.org", password: PASSWORD };
  const page = await window.open("/signup/");
  await askToJoin(page, person.email);
  const desk = await administer(window);
  await inRow(desk, person.email, "applicant-admit").click();
  await fill(desk, "admit-joined", "");
  await click(desk, "admit-yes");
  await isDone(desk, person.email);
  await register(page, await club.mailedLink(person.email, "/register/"), person.password);
});

browse("a number that somebody has is refused in the dialog, which stays and can be mended", async (window) => {
  for (const name of ["taken", "double"]) {
    const page = await window.open("/signup/");
    await askToJoin(page, `${name}@example.org`);
    await page.close();
  }
  const desk = await administer(window);
  await inRow(desk, "taken@example.org", "applicant-admit").click();
  await fill(desk, "admit-number", "B-1");
  await click(desk, "admit-yes");
  await isDone(desk, "taken@example.org");
  await inRow(desk, "double@example.org", "applicant-admit").click();
  await fill(desk, "admit-number", "B-1");
  await click(desk, "admit-yes");
  await byTestId(desk, "admit-error").filter({ hasText: "Somebody else has this membership number." }).waitFor();
  await fill(desk, "admit-number", "B-2");
  await click(desk, "admit-yes");
  await isDone(desk, "double@example.org");
});

browse("who is turned down is off the list, and their link is void", async (window) => {
  const page = await window.open("/signup/");
  await askToJoin(page, "no@example.org", { "given-name": "Nobody" });
  const desk = await administer(window);
  await inRow(desk, "no@example.org", "applicant-withdraw").click();
  const dialog = byTestId(desk, "withdraw");
  await dialog.filter({ hasText: "Turn down Nobody?" }).waitFor();
  await click(desk, "withdraw-no");
  await rowOf(desk, "no@example.org").waitFor();
  await inRow(desk, "no@example.org", "applicant-withdraw").click();
  await click(desk, "withdraw-yes");
  await isDone(desk, "Nobody is off the list");
  assert.equal(await rowOf(desk, "no@example.org").count(), 0);

  await click(desk, "admin-invite");
  await fill(desk, "invite-email", "back@example.org");
  await click(desk, "invite-submit");
  await isDone(desk, "back@example.org");
  const link = await club.mailedLink("back@example.org", "/register/");
  await click(desk, "admin-nav-applicants");
  await click(desk, "stage-admitted");
  await inRow(desk, "back@example.org", "applicant-withdraw").click();
  await click(desk, "withdraw-yes");
  await isDone(desk, "off the list");
  await page.goto(link);
  await fill(page, "register-password", PASSWORD);
  await click(page, "register-submit");
  await heading(page, "This link no longer works");
  await page.getByText("An administrator can send you the mail again").waitFor();
});

browse("an invitation is sent again, and only the last link works", async (window) => {
  const email = "invited@example.org";
  const desk = await administer(window, "/admin/?view=invite");
  await fill(desk, "invite-email", "nonsense");
  await click(desk, "invite-submit");
  await byTestId(desk, "invite-error").filter({ hasText: "not an e-mail address" }).waitFor();
  await fill(desk, "invite-email", email);
  await fill(desk, "invite-given-name", "Ida");
  await fill(desk, "invite-number", "I-1");
  await click(desk, "invite-submit");
  await isDone(desk, email);
  assert.equal(await byTestId(desk, "invite-email").inputValue(), "", "the next one can be invited");
  await fill(desk, "invite-email", email);
  await click(desk, "invite-submit");
  await byTestId(desk, "invite-error").filter({ hasText: "invited already" }).waitFor();
  const first = await club.mailedLink(email, "/register/");

  await desk.goto("/admin/?stage=admitted");
  await inRow(desk, "Ida", "applicant-resend").click();
  await isDone(desk, email);
  const second = await club.mailedLink(email, "/register/", 2);
  const page = await window.open(first);
  await fill(page, "register-password", PASSWORD);
  await click(page, "register-submit");
  await heading(page, "This link no longer works");
  await register(page, second, PASSWORD);
});

browse("an address that refuses mail is shown to the administrator, with what its server answered", async (window) => {
  const desk = await administer(window, "/admin/?view=invite");
  await fill(desk, "invite-email", REFUSED);
  await click(desk, "invite-submit");
  await isDone(desk, REFUSED);
  await eventually("the refusal", async () => {
    await desk.goto("/admin/?stage=admitted");
    await rowOf(desk, REFUSED).waitFor();
    return (await rowOf(desk, REFUSED).locator('[data-testid="mail-trouble"]').count()) > 0;
  });
  await rowOf(desk, REFUSED).filter({ hasText: "was refused (SMTP 550)" }).waitFor();
});

browse("people are found as one types, and the list goes on page by page", async (window) => {
  for (const name of ["aaron", "abel", "abigail", "adam", "agnes"]) await club.addPerson(`${name}@rowers.example`, PASSWORD);
  const desk = await administer(window, "/admin/?view=people");
  // Pages of two, so that few people make many.
  await window.context.route("**/admin/users/?*", (route) =>
    route.continue({ url: route.request().url().replace("limit=50", "limit=2") }),
  );
  const names = () => byTestId(desk, "person").locator("strong").allInnerTexts();
  await fill(desk, "people-search", "rowers");
  const two = () => eventually("two people", async () => (await byTestId(desk, "person").count()) === 2);
  await two();
  assert.equal(await byTestId(desk, "people-count").innerText(), "The first 2 people found");
  await click(desk, "people-more");
  await eventually("four people", async () => (await byTestId(desk, "person").count()) === 4);
  const third = byTestId(desk, "person").nth(2);
  await eventually("the focus at what came", () => third.evaluate((element) => element === document.activeElement));
  await click(desk, "people-more");
  await eventually("all five", async () => (await byTestId(desk, "person").count()) === 5);
  assert.equal(await byTestId(desk, "people-more").count(), 0);
  const all = ["aaron", "abel", "abigail", "adam", "agnes"].map((name) => `${name}@rowers.example`);
  assert.deepEqual((await names()).sort(), all, "nobody is missing, nobody stands there twice");

  await byTestId(desk, "people-search").fill("");
  await byTestId(desk, "people-search").pressSequentially("ABIG", { delay: 20 });
  await eventually("one person", async () => (await names()).join() === "abigail@rowers.example");
  const asked = window.requests.map((request) => new URL(request.url()).searchParams.get("q"));
  assert.ok(!asked.includes("A") && !asked.includes("AB"), "a pause is waited for");
  assert.ok(!desk.url().includes("ABIG"), "names do not stand in the address");
  await byTestId(desk, "person").click();
  await byTestId(desk, "person-facts").waitFor();
  await desk.goBack();
  await eventually("the search again", async () => (await names()).join() === "abigail@rowers.example");
  assert.equal(await byTestId(desk, "people-search").inputValue(), "ABIG");
  await fill(desk, "people-search", "nobody of this name");
  await byTestId(desk, "people-empty").filter({ hasText: "Nobody is found" }).waitFor();
});

browse("scopes are given and taken, but for the roles of the server itself", async (window) => {
  const { id } = await club.addPerson("editor@example.org", PASSWORD);
  const desk = await administer(window, `/admin/?view=person&id=${id}`);
  await heading(desk, "editor@example.org");
  await fill(desk, "scope-add", "editor");
  await click(desk, "scope-add-submit");
  await isDone(desk, "The scope editor is given.");
  const held = async () => (await club.command("user", "scope", "editor@example.org")).scopes;
  assert.deepEqual(await held(), ["editor"]);
  for (const [scope, words] of [
    ["", "Please enter"],
    ["two words", "is no scope"],
    ["admin", "not given or taken here"],
    ["openid", "Everybody has"],
  ]) {
    await fill(desk, "scope-add", scope);
    await click(desk, "scope-add-submit");
    await byTestId(desk, "scopes-error").filter({ hasText: words }).waitFor();
  }
  await click(desk, "scope-remove-editor");
  await isDone(desk, "The scope editor is taken away.");
  assert.deepEqual(await held(), []);
});

browse("a membership is changed, and what is left blank is taken out", async (window) => {
  const { id } = await club.addPerson("member@example.org", PASSWORD, "member");
  const desk = await administer(window, `/admin/?view=person&id=${id}`);
  await fill(desk, "membership-number", "M-1");
  await fill(desk, "membership-joined", "2020-02-29");
  await click(desk, "membership-submit");
  await isDone(desk, "saved");
  await desk.reload();
  await byTestId(desk, "membership-number").waitFor();
  assert.equal(await byTestId(desk, "membership-number").inputValue(), "M-1");
  assert.equal(await byTestId(desk, "membership-joined").inputValue(), "2020-02-29");
  await fill(desk, "membership-number", "N".repeat(32));
  await fill(desk, "membership-joined", "");
  await click(desk, "membership-submit");
  await isDone(desk, "saved");
  await desk.reload();
  await byTestId(desk, "membership-number").waitFor();
  assert.equal(await byTestId(desk, "membership-joined").inputValue(), "");
});

browse("who is disabled is out at once, and comes back with the old password", async (window) => {
  const person = await club.addPerson("out@example.org", PASSWORD);
  const theirs = await openWindow(chromium, club);
  const account = await theirs.open("/login/");
  await signIn(account, person);
  await account.waitForURL("**/account/");
  const status = () => account.evaluate(async () => (await fetch("/account/session/")).status);
  assert.equal(await status(), 200);

  const desk = await administer(window, `/admin/?view=person&id=${person.id}`);
  await click(desk, "person-disable");
  await click(desk, "disable-yes");
  await isDone(desk, "signed out everywhere");
  await byTestId(desk, "person-status").filter({ hasText: "Disabled" }).waitFor();
  assert.equal(await status(), 401);
  await account.goto("/login/");
  await signIn(account, person);
  await byTestId(account, "login-error").filter({ hasText: "wrong" }).waitFor();

  await click(desk, "person-enable");
  await click(desk, "enable-yes");
  await isDone(desk, "may sign in again");
  await signIn(account, person);
  await account.waitForURL("**/account/");
  await theirs.close();
});

browse("the last administrator is not disabled, and the server says why", async (window) => {
  const { users } = await club.command("user", "list");
  const { id } = users.find(({ email }) => email === BOARD.email);
  const desk = await administer(window, `/admin/?view=person&id=${id}`);
  await click(desk, "person-disable");
  await click(desk, "disable-yes");
  await byTestId(desk, "disable-error").filter({ hasText: "This is the last administrator" }).waitFor();
  await click(desk, "disable-no");
  await byTestId(desk, "person-status").filter({ hasText: "May sign in" }).waitFor();
});

/** Signs in to a client as an application does, and gives the answer of the token endpoint. */
async function useClient(id, secret, redirectUri, person) {
  const verifier = randomBytes(32).toString("base64url");
  const asked = new URLSearchParams({
    response_type: "code",
    client_id: id,
    redirect_uri: redirectUri,
    scope: "openid email",
    state: "here",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const browser = new Browser(club.issuer);
  const { answer } = await browser.authorize(`/oauth/authorize/?${asked}`, { ...person, redirectUri });
  const form = { grant_type: "authorization_code", code: answer.searchParams.get("code"), redirect_uri: redirectUri };
  const response = await fetch(club.url("/oauth/token/"), {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` },
    body: new URLSearchParams({ ...form, code_verifier: verifier }),
  });
  return response.json();
}

browse("an application is added, used, changed and removed", async (window) => {
  const desk = await administer(window, "/admin/?view=clients");
  await window.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await click(desk, "admin-new-client");
  await fill(desk, "new-client-name", "Boat house");
  await fill(desk, "new-client-redirect-uris", "http://boats.example/back");
  await click(desk, "new-client-submit");
  await byTestId(desk, "new-client-error").filter({ hasText: "Redirect addresses, line 1: it must be https" }).waitFor();
  await fill(desk, "new-client-redirect-uris", "https://boats.example/back\nhttps://boats.example/other");
  await click(desk, "new-client-submit");
  await byTestId(desk, "new-client-added").waitFor();
  const id = await byTestId(desk, "new-client-id").innerText();
  const secret = await byTestId(desk, "new-client-secret").innerText();
  await click(desk, "new-client-secret-copy");
  await desk.getByRole("button", { name: "Copied Client secret" }).waitFor();
  assert.equal(await desk.evaluate(() => navigator.clipboard.readText()), secret);

  const tokens = await useClient(id, secret, "https://boats.example/back", BOARD);
  assert.ok(tokens.access_token && tokens.id_token && tokens.refresh_token, JSON.stringify(tokens));

  await click(desk, "new-client-done");
  await rowOf(desk, "Boat house").waitFor();
  await rowOf(desk, "Boat house").locator('[data-testid="client"]').click();
  await heading(desk, "Boat house");
  assert.ok(!(await desk.locator("main").innerText()).includes(secret), "the secret is not shown again");
  await fill(desk, "client-redirect-uris", "https://boats.example/new");
  await byTestId(desk, "client-first-party").check();
  await click(desk, "client-submit");
  await isDone(desk, "Saved");
  const moved = await useClient(id, secret, "https://boats.example/new", BOARD);
  assert.ok(moved.access_token, "it has kept its secret, and goes to the new address");
  const changed = (await club.command("client", "list")).find(({ client_id }) => client_id === id);
  assert.deepEqual([changed.first_party, changed.require_pkce], [true, true]);
  const gone = new URLSearchParams({ client_id: id, redirect_uri: "https://boats.example/back", response_type: "code" });
  assert.equal((await fetch(club.url(`/oauth/authorize/?${gone}`), { redirect: "manual" })).status, 400);

  await click(desk, "client-remove");
  await click(desk, "remove-no");
  await click(desk, "client-remove");
  await click(desk, "remove-yes");
  await heading(desk, "Applications");
  assert.equal(await rowOf(desk, "Boat house").count(), 0);
  const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: moved.refresh_token });
  const headers = { Authorization: `Basic ${btoa(`${id}:${secret}`)}` };
  await eventually("the end of its secret", async () => {
    const refused = await fetch(club.url("/oauth/token/"), { method: "POST", headers, body });
    assert.ok(!refused.ok, "what it was granted went with it");
    return (await refused.json()).error === "invalid_client";
  });
});

browse("a service is added without addresses, and asks for itself", async (window) => {
  const desk = await administer(window, "/admin/?view=new-client");
  await byTestId(desk, "new-client-service").check();
  assert.equal(await byTestId(desk, "new-client-redirect-uris").count(), 0);
  await fill(desk, "new-client-name", "Night jobs");
  await click(desk, "new-client-submit");
  await byTestId(desk, "new-client-added").waitFor();
  const id = await byTestId(desk, "new-client-id").innerText();
  const secret = await byTestId(desk, "new-client-secret").innerText();
  const answer = await fetch(club.url("/oauth/token/"), {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  assert.ok((await answer.json()).access_token);
  await click(desk, "new-client-done");
  await rowOf(desk, "Night jobs").locator('[data-testid="client"]').click();
  await fill(desk, "client-name", "Day jobs");
  await click(desk, "client-submit");
  await isDone(desk, "Saved");
});

browse("who is no administrator is told so, and may sign in as somebody else", async (window) => {
  const person = await club.addPerson("curious@example.org", PASSWORD, "member");
  const page = await window.open("/admin/?view=people");
  await signIn(page, person);
  await byTestId(page, "admin-no-right").waitFor();
  assert.equal(await byTestId(page, "person").count(), 0);
  await page.goto("/");
  await page.getByText("You are signed in as").waitFor();
  assert.equal(await byTestId(page, "admin-link").count(), 0);
  for (const view of ["", "?view=invite", "?view=clients", "?view=new-client", "?view=people"]) {
    await page.goto(`/admin/${view}`);
    await byTestId(page, "admin-no-right").waitFor();
  }
  await click(page, "admin-switch");
  await signIn(page, BOARD);
  await heading(page, "Who wants to join");
  await page.goto("/");
  await click(page, "admin-link");
  await heading(page, "Who wants to join");
});

browse("a session that ends meanwhile leads to the sign-in page, and back to where one was", async (window) => {
  const desk = await administer(window);
  await click(desk, "admin-nav-people");
  await byTestId(desk, "people").waitFor();
  await desk.evaluate(async () => {
    await fetch("/account/logout/", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  });
  await click(desk, "admin-nav-clients");
  await signIn(desk, BOARD);
  await heading(desk, "Applications");
  assert.match(desk.url(), /\?view=clients$/);
});

browse("dialogs hold the focus, close by Escape, and give it back", async (window) => {
  const person = await club.addPerson("keys@example.org", PASSWORD);
  const desk = await administer(window, `/admin/?view=person&id=${person.id}`);
  const has = (id) => byTestId(desk, id).evaluate((element) => element === document.activeElement);
  await byTestId(desk, "person-disable").focus();
  await desk.keyboard.press("Enter");
  await byTestId(desk, "disable").waitFor();
  assert.ok(await has("disable-no"), "it begins at the way out");
  for (let presses = 0; presses < 8; presses += 1) {
    await desk.keyboard.press("Tab");
    const outside = await desk.evaluate(() => {
      const at = document.activeElement;
      return at !== document.body && at.closest("dialog") === null;
    });
    assert.ok(!outside, "the focus stays in the dialog");
  }
  await desk.keyboard.press("Escape");
  await byTestId(desk, "disable").waitFor({ state: "detached" });
  assert.ok(await has("person-disable"), "the button has the focus again");
  await byTestId(desk, "person-status").filter({ hasText: "May sign in" }).waitFor();
});

/** The way in of somebody who waits, as they see it. */
async function wayIn(window, see, email) {
  const page = await window.open("/signup/");
  await see(page, "ask to join");
  await fill(page, "signup-email", email);
  await fill(page, "signup-given-name", "Wilhelmina-Frederique");
  await fill(page, "signup-family-name", "van den Hoogenband-Kowalewska");
  await fill(page, "signup-phone", "none of your business");
  await click(page, "signup-submit");
  await byTestId(page, "email-error").filter({ hasText: "Phone number" }).waitFor();
  await see(page, "ask to join with a slip");
  await fill(page, "signup-phone", "+31 6 1234 5678");
  await click(page, "signup-submit");
  await page.goto(await club.mailedLink(email, "/confirm/"));
  await byTestId(page, "signup-waits").waitFor();
  await see(page, "waits for approval");
  await page.close();
}

async function joining(window, see, email) {
  const desk = await administer(window);
  await rowOf(desk, email).waitFor();
  await see(desk, "who wants to join");
  await inRow(desk, email, "applicant-withdraw").click();
  await see(desk, "turn down");
  await desk.keyboard.press("Escape");
  await inRow(desk, email, "applicant-admit").click();
  await fill(desk, "admit-joined", "");
  await fill(desk, "admit-number", `W-${email.length}`);
  await see(desk, "admit");
  await click(desk, "admit-yes");
  await isDone(desk, "is admitted");
  await see(desk, "admitted");
  await click(desk, "stage-admitted");
  await rowOf(desk, email).waitFor();
  await see(desk, "not registered yet");
  await click(desk, "admin-invite");
  await byTestId(desk, "invite-email").waitFor();
  await see(desk, "invite");
  await click(desk, "invite-submit");
  await byTestId(desk, "invite-error").waitFor();
  await see(desk, "invite with a slip");

  const page = await window.open(await club.mailedLink(email, "/register/"));
  await byTestId(page, "register-password").waitFor();
  await see(page, "register after approval");
  await byTestId(page, "register-more").locator("summary").click();
  await see(page, "register with more");
  await fill(page, "register-password", PASSWORD);
  await page.locator(".meter-name:not(:empty)").waitFor();
  await click(page, "register-submit");
  await page.getByText("Your account is ready").waitFor();
  await page.close();
  await desk.close();
}

async function peopleAndOne(window, see, email) {
  const desk = await window.open("/admin/?view=people");
  await byTestId(desk, "people").waitFor();
  await see(desk, "people");
  await fill(desk, "people-search", "no such person");
  await byTestId(desk, "people-empty").waitFor();
  await see(desk, "nobody found");
  await fill(desk, "people-search", email);
  await rowOf(desk, email).waitFor();
  await eventually("one person", async () => (await byTestId(desk, "person").count()) === 1);
  await byTestId(desk, "person").click();
  await byTestId(desk, "person-facts").waitFor();
  await fill(desk, "scope-add", "editor");
  await click(desk, "scope-add-submit");
  await isDone(desk, "editor");
  await see(desk, "person");
  await fill(desk, "scope-add", "admin");
  await click(desk, "scope-add-submit");
  await byTestId(desk, "scopes-error").waitFor();
  await see(desk, "scope refused");
  await click(desk, "person-disable");
  await see(desk, "disable");
  await click(desk, "disable-yes");
  await isDone(desk, "signed out everywhere");
  await see(desk, "person disabled");
  await desk.goto("/admin/?view=person&id=ffffffff-ffff-4fff-bfff-ffffffffffff");
  await heading(desk, "There is no such person");
  await see(desk, "no such person");
  await desk.close();
}

async function applications(window, see, name) {
  const desk = await window.open("/admin/?view=new-client");
  await byTestId(desk, "new-client-name").waitFor();
  await see(desk, "add an application");
  await byTestId(desk, "new-client-more").locator("summary").click();
  await see(desk, "add an application with more");
  await fill(desk, "new-client-name", name);
  await fill(desk, "new-client-redirect-uris", "https://a-rather-long-host-name.rowing-club.example.org/authentication/callback/\nnot an address");
  await click(desk, "new-client-submit");
  await byTestId(desk, "new-client-error").waitFor();
  await see(desk, "application with a slip");
  await fill(desk, "new-client-redirect-uris", "https://a-rather-long-host-name.rowing-club.example.org/authentication/callback/");
  await click(desk, "new-client-submit");
  await byTestId(desk, "new-client-added").waitFor();
  await see(desk, "application added");
  await click(desk, "new-client-done");
  await rowOf(desk, name).waitFor();
  await see(desk, "applications");
  await rowOf(desk, name).locator('[data-testid="client"]').click();
  await byTestId(desk, "client-name").waitFor();
  await see(desk, "application");
  await click(desk, "client-remove");
  await see(desk, "remove application");
  await click(desk, "remove-yes");
  await heading(desk, "Applications");
  await desk.goto("/");
  await byTestId(desk, "admin-link").waitFor();
  await see(desk, "front page of an administrator");
  await desk.close();
}

for (const [look, options] of Object.entries(LOOKS)) {
  test(`every page of the way in and of the administration, ${look}`, async () => {
    const window = await openWindow(chromium, club, options);
    const see = viewer(`admin ${look}`);
    const name = look.replaceAll(" ", ".");
    try {
      await wayIn(window, see, `new.${name}@example.org`);
      await joining(window, see, `new.${name}@example.org`);
      await peopleAndOne(window, see, `new.${name}@example.org`);
      await applications(window, see, `Boat house, ${look}`);
    } catch (error) {
      error.message += `\n${await window.describe()}`;
      await window.context.close();
      throw error;
    }
    await window.close();
  });
}

/** Another club, with one window, both of which end however the steps do. */
async function inClub(env, options, steps) {
  const other = await startClub(env);
  try {
    const window = await openWindow(chromium, other, options);
    await steps(window, other);
    await window.close();
  } finally {
    await other.stop();
  }
}

test("who may not sign up is told so before they fill in anything", async () => {
  for (const [policy, title] of [
    ["invite", "By invitation"],
    ["closed", "No new accounts"],
  ]) {
    await inClub({ COUNTERSIGN_DEFINE__ONBOARDING: policy }, LOOKS["phone by night"], async (window) => {
      const page = await window.open("/login/");
      await byTestId(page, "login-email").waitFor();
      assert.equal(await page.getByText("Create an account").count(), 0);
      await page.goto("/signup/");
      await heading(page, title);
      await viewer("admin phone by night")(page, `sign up where the policy is ${policy}`);
    });
  }
});

test("under the policy open, signing up asks for an address alone, and the mail is in the application's language", async () => {
  await inClub({}, { locale: "en-GB" }, async (window, open) => {
    await open.command("client", "add", "--id", "nl", "--redirect-uri", "https://app.example/", "--public");
    const asked = new URLSearchParams({
      response_type: "code",
      client_id: "nl",
      redirect_uri: "https://app.example/",
      scope: "openid",
      state: "here",
      ui_locales: "fr nl",
      code_challenge: "A".repeat(43),
      code_challenge_method: "S256",
    });
    const page = await window.open(`/oauth/authorize/?${asked}`);
    await page.getByText("Create an account").click();
    await byTestId(page, "signup-email").waitFor();
    assert.equal(await page.locator("input:visible").count(), 1, "nothing else is asked for");
    await fill(page, "signup-email", "piet@example.org");
    await click(page, "signup-submit");
    await byTestId(page, "mail-sent").waitFor();
    await open.mailedLink("piet@example.org", "/confirm/");
    assert.match(open.smtp.mails("piet@example.org")[0].subject, /^Bevestig je e-mailadres/);
  });
});
