import { describe, expect, it } from "vitest";
import { decode, fault, verify } from "./jwt";
import { base64url } from "./pkce";

const text = (value: object) => base64url(new TextEncoder().encode(JSON.stringify(value)));
const EXPECTED = { issuer: "http://127.0.0.1:4242", clientId: "demo", nonce: "n", now: 1000 };
const GOOD = { iss: EXPECTED.issuer, aud: "demo", nonce: "n", exp: 1001 };

describe("a token", () => {
  it("is taken apart, beyond ASCII too", () => {
    const token = `${text({ alg: "EdDSA" })}.${text({ name: "Zoë" })}.c2ln`;
    expect(decode(token)).toEqual({ header: { alg: "EdDSA" }, claims: { name: "Zoë" } });
  });

  it.each(["", "a.b", "a.b.c.d", "*.*.*"])("is not %j", (token) => expect(() => decode(token)).toThrow());
});

describe("the claims of an ID token", () => {
  it("are taken when all is as expected", () => expect(fault(GOOD, EXPECTED)).toBeNull());
  it("may name several applications", () =>
    expect(fault({ ...GOOD, aud: ["x", "demo"] }, EXPECTED)).toBeNull());
  it.each([
    [{ iss: "https://evil.example" }, /issuer/],
    [{ aud: "other" }, /application/],
    [{ aud: undefined }, /application/],
    [{ nonce: "m" }, /request/],
    [{ nonce: undefined }, /request/],
    [{ exp: 1000 }, /expired/],
    [{ exp: undefined }, /expired/],
  ])("are refused with %j", (change, words) => {
    expect(fault({ ...GOOD, ...change }, EXPECTED)).toMatch(words);
  });
});

describe("a signature", () => {
  it("is checked with the key that the token names, and with no other", async () => {
    const pair = (await crypto.subtle.generateKey({ name: "Ed25519" }, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const jwk = {
      ...(await crypto.subtle.exportKey("jwk", pair.publicKey)),
      kid: "k1",
      alg: "EdDSA",
      use: "sig",
    };
    const signed = `${text({ alg: "EdDSA", kid: "k1" })}.${text(GOOD)}`;
    const signature = await crypto.subtle.sign("Ed25519", pair.privateKey, new TextEncoder().encode(signed));
    const token = `${signed}.${base64url(new Uint8Array(signature))}`;

    expect(await verify(token, [jwk])).toBe(true);
    expect(await verify(token, [{ ...jwk, kid: "k2" }])).toBe(false);
    const forged = token.replace(text(GOOD), text({ ...GOOD, aud: "x" }));
    expect(await verify(forged, [jwk])).toBe(false);
  });

  it("is none with the algorithm none", async () => {
    expect(await verify(`${text({ alg: "none" })}.${text(GOOD)}.`, [])).toBe(false);
  });
});
