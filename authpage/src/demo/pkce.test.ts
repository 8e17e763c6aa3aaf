import { describe, expect, it } from "vitest";
import { base64url, challengeFor, fromBase64url, randomText } from "./pkce";

describe("PKCE", () => {
  it("makes the challenge of RFC 7636, appendix B", async () => {
    expect(await challengeFor("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")).toBe(
      "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
  });

  it("has verifiers of 43 unreserved characters, each another", () => {
    const verifiers = Array.from({ length: 50 }, randomText);
    for (const verifier of verifiers) expect(verifier).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(new Set(verifiers).size).toBe(50);
  });
});

describe("base64url", () => {
  it("goes there and back for every byte", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(base64url(bytes)).not.toMatch(/[+/=]/);
    expect(fromBase64url(base64url(bytes))).toEqual(bytes);
  });

  it("refuses what it is not", () => expect(() => fromBase64url("a*b")).toThrow());
});
