/** Reading JSON Web Tokens (RFC 7519), and checking an ID token as OpenID Connect Core §3.1.3.7 asks. */

import { fromBase64url } from "./pkce";

/** A token taken apart; nothing in it is proven by that. */
export interface Decoded {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

/** Takes a signed token apart. Throws where it is none. */
export function decode(token: string): Decoded {
  const [header, claims, signature, ...rest] = token.split(".");
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) {
    throw new Error("not a signed token");
  }
  const read = (part: string) => JSON.parse(new TextDecoder().decode(fromBase64url(part)));
  return { header: read(header), claims: read(claims) };
}

/** What an ID token must say to be taken. */
export interface Expected {
  issuer: string;
  clientId: string;
  /** Absent for a refreshed token, which need not repeat it. */
  nonce?: string;
  /** Seconds since 1970. */
  now: number;
}

/** The first thing that is wrong with the claims of an ID token, or `null`. */
export function fault(claims: Record<string, unknown>, expected: Expected): string | null {
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (claims.iss !== expected.issuer) return "it is from another issuer";
  if (!audience.includes(expected.clientId)) return "it is for another application";
  if (expected.nonce !== undefined && claims.nonce !== expected.nonce) return "it answers another request";
  if (typeof claims.exp !== "number" || claims.exp <= expected.now) return "it has expired";
  return null;
}

type VerifyAlgorithm = AlgorithmIdentifier | EcdsaParams;

const ALGORITHMS: Readonly<
  Record<string, [RsaHashedImportParams | EcKeyImportParams | AlgorithmIdentifier, VerifyAlgorithm]>
> = {
  EdDSA: [{ name: "Ed25519" }, { name: "Ed25519" }],
  ES256: [
    { name: "ECDSA", namedCurve: "P-256" },
    { name: "ECDSA", hash: "SHA-256" },
  ],
  RS256: [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, { name: "RSASSA-PKCS1-v1_5" }],
};

/** Whether one of `keys` made the signature of `token`; `null` where this browser cannot check its algorithm. */
export async function verify(
  token: string,
  keys: (JsonWebKey & { kid?: string })[],
): Promise<boolean | null> {
  const { header } = decode(token);
  const algorithm = typeof header.alg === "string" ? ALGORITHMS[header.alg] : undefined;
  const jwk = keys.find((key) => key.kid === header.kid);
  if (algorithm === undefined || jwk === undefined) return false;
  const [importAs, verifyAs] = algorithm;
  // `alg` and `key_ops` are left out: older browsers know "Ed25519" there, newer ones "EdDSA".
  const { alg: _alg, key_ops: _ops, use: _use, ...bare } = jwk;
  const key = await crypto.subtle.importKey("jwk", bare, importAs, false, ["verify"]).catch(() => null);
  if (key === null) return null;
  const end = token.lastIndexOf(".");
  const signed = new TextEncoder().encode(token.slice(0, end));
  return crypto.subtle.verify(verifyAs, key, fromBase64url(token.slice(end + 1)), signed);
}
