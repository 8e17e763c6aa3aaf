/** Headless Chromium, watched: what its pages complain about, where they go, and how much they move. */

import assert from "node:assert/strict";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // Nothing but this machine can be reached.
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/** Starts Debian's Chromium. */
export function startChromium() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
}

/**
 * Sums up the layout shifts that nobody caused, for each document (https://web.dev/articles/cls). A browser forgives what
 * moves within half a second of a click; `forgiving`, so is what moves within a second of the answer to a POST, which
 * comes late on a busy machine.
 */
function reportShifts(forgiving) {
  let answered = Number.NEGATIVE_INFINITY;
  if (forgiving) {
    const ask = window.fetch;
    window.fetch = async (path, init) => {
      const answer = await ask(path, init);
      if (init?.method === "POST") answered = performance.now();
      return answer;
    };
  }
  new PerformanceObserver((list) => {
    for (const shift of list.getEntries()) {
      if (shift.hadRecentInput || (shift.startTime >= answered && shift.startTime < answered + 1000)) continue;
      const moved = shift.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "(gone)");
      window.countersignShift({ page: location.pathname, value: shift.value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });
}

/** The most that a page may shift; from 0.1 on people notice. */
const MOST_SHIFT = 0.02;

/**
 * One person's browser, with cookies of its own. `server` is where its pages come from.
 * Everything that goes wrong in a page is collected; `close` fails if anything did. `forgiving`: a form may close, and a
 * row go, when the server has answered.
 */
export async function openWindow(chromium, server, { forgiving = false, ...options } = {}) {
  const context = await chromium.newContext({ reducedMotion: "reduce", baseURL: server.issuer, ...options });
  context.setDefaultTimeout(30_000);
  const complaints = [];
  const requests = [];
  const shifts = [];
  await context.exposeBinding("countersignShift", (_, shift) => shifts.push(shift));
  await context.exposeBinding("countersignViolation", (_, violation) => complaints.push(violation));
  await context.addInitScript(reportShifts, forgiving);
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.countersignViolation(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
  context.on("request", (request) => requests.push(request));
  context.on("page", (page) => {
    page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.stack}`));
    page.on("websocket", (socket) => complaints.push(`a WebSocket to ${socket.url()}`));
    page.on("console", (message) => {
      // Chromium notes every answer from 400 on; pages that ask for what may be refused have no say in it.
      const noted = /^Failed to load resource: the server responded with a status of (4\d\d|503) /.test(message.text());
      if (["error", "warning"].includes(message.type()) && !noted) complaints.push(`${page.url()}: ${message.text()}`);
    });
  });
  return {
    context,
    requests,
    /** What went wrong so far; a test that provokes something takes it out. */
    complaints,
    open: async (path = "/") => {
      const page = await context.newPage();
      await page.goto(path);
      return page;
    },
    /** What its pages show, for whoever reads a failure. */
    describe: async () => {
      const shown = context.pages().map(async (page) => `${page.url()}: ${await page.locator("body").innerText()}`);
      return [...(await Promise.all(shown)), ...complaints].join("\n");
    },
    close: async () => {
      await context.close();
      assert.deepEqual(complaints, []);
      const total = shifts.reduce((sum, { value }) => sum + value, 0);
      assert.ok(total <= MOST_SHIFT, `the pages moved: ${JSON.stringify(shifts, null, 1)}`);
    },
  };
}

/** Does `steps` in a window of its own, whose content stands in the failure if there is one. */
export async function inWindow(chromium, server, options, steps) {
  const window = await openWindow(chromium, server, options);
  try {
    await steps(window);
  } catch (error) {
    error.message += `\n${await window.describe()}`;
    await window.context.close();
    throw error;
  }
  await window.close();
}

/** The element with this `data-testid`. */
export function byTestId(page, id) {
  return page.locator(`[data-testid="${id}"]`);
}

/** Fills the field with this `data-testid`. */
export function fill(page, id, text) {
  return byTestId(page, id).fill(text);
}

/** Clicks what has this `data-testid`. */
export function click(page, id) {
  return byTestId(page, id).click();
}

/** Waits for the page's heading to say this. */
export async function heading(page, words) {
  await page.locator("h1", { hasText: words }).waitFor();
}

/** Fills in the sign-in page and sends it. */
export async function signIn(page, { email, password }) {
  await fill(page, "login-email", email);
  await fill(page, "login-password", password);
  await click(page, "login-submit");
}

/** Answers one path with a problem instead of asking the server. */
export function refuse(page, path, status, kind, headers = {}) {
  return page.route(`**${path}*`, (route) =>
    route.fulfill({
      status,
      headers: { "Content-Type": "application/problem+json", ...headers },
      body: JSON.stringify({ type: `urn:countersign:problem:${kind}`, title: kind, status }),
    }),
  );
}

/** Whoever has to press more often gives up. */
const MOST_TABS = 20;

/** Goes on by Tab until the element has the focus, as a person without a mouse does. */
export async function tabTo(page, id) {
  for (let presses = 0; presses < MOST_TABS; presses += 1) {
    if (await byTestId(page, id).evaluate((element) => element === document.activeElement)) {
      const visible = await byTestId(page, id).evaluate((element) => {
        const [field, box] = [getComputedStyle(element), getComputedStyle(element.parentElement)];
        return [field, box].some((style) => style.outlineStyle !== "none" || style.boxShadow !== "none");
      });
      assert.ok(visible, `${id} shows that it has the focus`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`${id} is not reached by keyboard`);
}

/** The claims that the demo application shows in one of its sections. */
export async function shownClaims(page, section) {
  const lines = await byTestId(page, section).locator("pre").last().locator(".line").all();
  const read = lines.map(async (line) => {
    const name = await line.locator(".name").innerText();
    const moment = line.locator(".moment");
    const after = (await moment.count()) > 0 ? await moment.innerText() : "";
    const text = (await line.innerText()).trim();
    return [name, JSON.parse(text.slice(name.length, text.length - after.trim().length).trim())];
  });
  return Object.fromEntries(await Promise.all(read));
}
