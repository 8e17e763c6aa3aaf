import { describe, expect, it } from "vitest";
import { duration, wholeSentence, wordsFor } from "./words";

describe("spans of time", () => {
  it.each([
    [1, "1 second"],
    [2, "2 seconds"],
    [89, "89 seconds"],
    [90, "2 minutes"],
    [3600, "60 minutes"],
    [5400, "2 hours"],
    [86400, "24 hours"],
  ])("of %i s are said as %s", (seconds, words) => {
    expect(duration(seconds)).toBe(words);
  });
});

describe("words for a failure", () => {
  it("name the time to wait where the server named it", () => {
    expect(wordsFor({ kind: "unavailable", retryAfter: 7 })).toContain("in 7 seconds");
    expect(wordsFor({ kind: "too-many-attempts", retryAfter: 600 })).toContain("in 10 minutes");
    expect(wordsFor({ kind: "unavailable" })).toContain("in a moment");
  });

  it("do not tell a wrong password from an unknown address", () => {
    expect(wordsFor({ kind: "invalid-credentials" })).toMatch(/address or password/);
  });

  it("name the field, and its line", () => {
    const wrong = (field: string) => wordsFor({ kind: "invalid-request", field, detail: "it must be https" });
    expect(wrong("phone")).toBe("Phone number: it must be https.");
    expect(wrong("redirect_uris[1]")).toBe("Redirect addresses, line 2: it must be https.");
    expect(wrong("toString")).toMatch(/^The server could not use/);
  });

  it("say which rule forbids it", () => {
    expect(wordsFor({ kind: "conflict", detail: "this is the last administrator" })).toBe(
      "This is the last administrator.",
    );
    expect(wordsFor({ kind: "conflict" })).toBe("This cannot be done as things are.");
  });

  it("repeat what the server found wrong with the request", () => {
    expect(wordsFor({ kind: "invalid-request", field: "token", detail: "token is too long" })).toContain(
      "token is too long",
    );
  });
});

describe("what the server says in passing", () => {
  it.each([
    ["it is longer than 100 characters", "It is longer than 100 characters."],
    ["it lies in the future.", "It lies in the future."],
    ["écrit", "Écrit."],
  ])("%j becomes %j", (detail, words) => {
    expect(wholeSentence(detail)).toBe(words);
  });
});
