/** Checks an entitlement proof offline, with the server's public key and the last revocation list. */

import { ed25519 } from "@noble/curves/ed25519.js";
import { blake2b } from "@noble/hashes/blake2.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** The `result` of `/add_pro_payment` and `/generate_pro_proof`. */
export interface Proof {
  version: number;
  gen_index_hash: string;
  rotating_pkey: string;
  /** A `bigint` where it is beyond what a number holds exactly. */
  expiry_unix_ts_ms: number | bigint;
  sig: string;
}

/** One of the `items` of `/get_pro_revocations`. */
export interface Revocation {
  gen_index_hash: string;
  effective_unix_ts_ms: number;
}

export type Verdict = "valid" | "unknown-version" | "bad-signature" | "expired" | "revoked";

const VERSION = 0;
const PERSON = utf8ToBytes("ProProof________");

/** The 32 bytes that the server signs. */
export function proofHash(generation: Uint8Array, rotatingKey: Uint8Array, expiry: bigint): Uint8Array {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, expiry, true);
  const preimage = concatBytes(Uint8Array.of(VERSION), generation, rotatingKey, time);
  return blake2b(preimage, { dkLen: 32, personalization: PERSON });
}

/** What a proof is worth at `nowMs`. Throws where a member is missing or of another kind. */
export function check(proof: Proof, key: Uint8Array, revocations: readonly Revocation[], nowMs: number | bigint): Verdict {
  if (proof.version !== VERSION) return "unknown-version";
  const expiry = wholeNumber(proof.expiry_unix_ts_ms);
  const hash = proofHash(fixed(proof.gen_index_hash, 32), fixed(proof.rotating_pkey, 32), expiry);
  // zip215 would accept encodings of a key that other libraries refuse.
  if (!ed25519.verify(fixed(proof.sig, 64), hash, key, { zip215: false })) return "bad-signature";
  if (BigInt(nowMs) >= expiry) return "expired";
  const generation = proof.gen_index_hash.toLowerCase();
  const revoked = revocations.some(
    (item) => item.gen_index_hash.toLowerCase() === generation && item.effective_unix_ts_ms <= nowMs,
  );
  return revoked ? "revoked" : "valid";
}

/** Exactly `length` bytes from hexadecimal digits. */
export function fixed(text: string, length: number): Uint8Array {
  const bytes = hexToBytes(text);
  if (bytes.length !== length) throw new RangeError(`expected ${2 * length} hexadecimal digits`);
  return bytes;
}

function wholeNumber(value: number | bigint): bigint {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError("the expiry is not a whole number that can be held exactly");
  }
  return BigInt(value);
}
