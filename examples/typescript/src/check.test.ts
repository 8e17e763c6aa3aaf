/** check.ts on the vectors that the original made. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { check, fixed, type Proof } from "./check.js";

interface Case {
  backend_pkey: string;
  gen_index_hash: string;
  rotating_pkey: string;
  expiry_unix_ts_ms: string;
  sig: string;
}

const file = new URL("../../../tests/vectors/entitlement/proofs.json", import.meta.url);
const cases = (JSON.parse(readFileSync(file, "utf8")) as { cases: Case[] }).cases.map((one) => ({
  key: fixed(one.backend_pkey, 32),
  proof: { ...one, version: 0, expiry_unix_ts_ms: BigInt(one.expiry_unix_ts_ms) } satisfies Proof,
}));
const first = cases[0];
const last = cases.at(-1);
assert(first && last && cases.length > 20);

const flip = (text: string) => (Number.parseInt(text.charAt(0), 16) ^ 1).toString(16) + text.slice(1);

test("every proof of the original is valid until it expires", () => {
  for (const { key, proof } of cases) {
    assert.equal(check(proof, key, [], proof.expiry_unix_ts_ms - 1n), "valid");
    assert.equal(check(proof, key, [], proof.expiry_unix_ts_ms), "expired");
  }
});

test("every changed member is noticed", () => {
  const { key, proof } = last;
  for (const name of ["gen_index_hash", "rotating_pkey", "sig"] as const) {
    assert.equal(check({ ...proof, [name]: flip(proof[name]) }, key, [], 0), "bad-signature", name);
  }
  assert.equal(check({ ...proof, expiry_unix_ts_ms: 1 }, key, [], 0), "bad-signature");
  assert.equal(check({ ...proof, version: 1 }, key, [], 0), "unknown-version");
  assert.equal(check(proof, first.key, [], 0), "bad-signature");
});

test("a revocation counts from its effective time", () => {
  const { key, proof } = last;
  const item = { gen_index_hash: proof.gen_index_hash, effective_unix_ts_ms: 1_000 };
  const other = { ...item, gen_index_hash: flip(item.gen_index_hash) };
  assert.equal(check(proof, key, [other, item], 999), "valid");
  assert.equal(check(proof, key, [other, item], 1_000), "revoked");
  assert.equal(check(proof, key, [other], 1_000), "valid");
});

test("what is no proof throws", () => {
  const { key, proof } = last;
  for (const changed of [
    { ...proof, sig: "00" },
    { ...proof, sig: "zz".repeat(64) },
    { ...proof, expiry_unix_ts_ms: 1.5 },
    { ...proof, expiry_unix_ts_ms: 2 ** 60 },
  ]) {
    assert.throws(() => check(changed, key, [], 0));
  }
});
