/** How pages look, on a desk and on phones, by day and by night: axe-core and overflow. */

import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Where pictures of all pages are put, if somebody wants to look at them. */
const PICTURES = process.env.PICTURES;

/** Windows to look at pages in. */
export const LOOKS = {
  "desk by day": { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
  "phone by night": { viewport: { width: 360, height: 640 }, colorScheme: "dark", isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
  "small phone by day": { viewport: { width: 320, height: 568 }, colorScheme: "light", isMobile: true, hasTouch: true },
};

/** A viewer of pages: what it gives fails where a page has something wrong with it. */
export function viewer(look) {
  const seen = [];
  return async (page, name) => {
    seen.push(name);
    await page.evaluate(() => document.fonts.ready);
    if (PICTURES) {
      const folder = join(PICTURES, look.replaceAll(" ", "-"));
      await mkdir(folder, { recursive: true });
      const path = join(folder, `${String(seen.length).padStart(2, "0")}-${name.replaceAll(" ", "-")}.png`);
      await page.screenshot({ path, fullPage: true });
    }
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => window.axe.run());
    const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
    assert.deepEqual(found, [], `axe-core on "${name}"`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `"${name}" is ${wide} pixels wider than the screen`);
  };
}
