/** Makes the picture of the sign-in page for the README: docs/images/sign-in.png. */

import { join } from "node:path";
import { byTestId, click, fill, startChromium } from "./lib/chromium.mjs";
import { startServer } from "./lib/server.mjs";

const server = await startServer();
const chromium = await startChromium();
const page = await chromium.newPage({
  baseURL: server.issuer,
  viewport: { width: 1200, height: 800 },
  colorScheme: "light",
  reducedMotion: "reduce",
});
await page.goto("/demo/");
await click(page, "demo-signin");
await page.getByText("Demo application").waitFor();
await fill(page, "login-email", "ada@example.org");
await byTestId(page, "login-password").focus();
await page.evaluate(() => document.fonts.ready);
await page.screenshot({
  path: join(import.meta.dirname, "../../docs/images/sign-in.png"),
  caret: "hide",
});
await chromium.close();
await server.stop();
