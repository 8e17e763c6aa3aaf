/**
 *     node dist/verify-proof.js --key HEX [--revocations list.json] [--now-ms N] proof.json
 *
 * Prints one word. Exit code 0 if it is `valid`, else 1.
 */

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { check, fixed, type Proof, type Revocation } from "./check.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { key: { type: "string" }, revocations: { type: "string" }, "now-ms": { type: "string" } },
});
const [proof] = positionals;
if (proof === undefined || values.key === undefined) {
  console.error("usage: verify-proof --key HEX [--revocations list.json] [--now-ms N] proof.json");
  process.exit(2);
}

/** The `result` of a saved answer; a bare result is taken too. */
function resultOf(path: string): unknown {
  const document = JSON.parse(readFileSync(path, "utf8"));
  return document.result ?? document;
}

const list = values.revocations === undefined ? [] : (resultOf(values.revocations) as { items: Revocation[] }).items;
const now = values["now-ms"] === undefined ? Date.now() : Number(values["now-ms"]);
const verdict = check(resultOf(proof) as Proof, fixed(values.key, 32), list, now);
console.log(verdict);
process.exitCode = verdict === "valid" ? 0 : 1;
