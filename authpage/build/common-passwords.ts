/**
 * Cuts the published list of common passwords down to what the strength meter needs: three thousand that are long enough
 * to be accepted (OWASP ASVS 5.0, 6.2.4), and as many shorter ones, which people lengthen with a digit or two.
 */

import type { Plugin } from "vite";

const LIST = "@zxcvbn-ts/language-common/src/passwords.json";
const OF_EACH = 3000;
const SHORTEST = 4;
const ACCEPTED = 8;

function chosen(ranked: string[]): string[] {
  const words = ranked.filter((word) => word.length >= SHORTEST);
  const long = words.filter((word) => word.length >= ACCEPTED).slice(0, OF_EACH);
  const short = words.filter((word) => word.length < ACCEPTED).slice(0, OF_EACH);
  const kept = new Set([...long, ...short]);
  return words.filter((word) => kept.has(word));
}

/** The plugin; the order of the list, most common first, stays. */
export function commonPasswords(): Plugin {
  return {
    name: "common-passwords",
    enforce: "pre",
    transform: (code, id) => (id.endsWith(LIST) ? JSON.stringify(chosen(JSON.parse(code))) : undefined),
  };
}
