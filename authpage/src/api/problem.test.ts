import { describe, expect, it } from "vitest";
import { ProblemError, problemOf, readProblem, retryAfterSeconds } from "./problem";

const NOW = Date.parse("2025-03-01T12:00:00Z");

describe("an answer that is a problem", () => {
  it("is known by its type, with its field and detail", () => {
    const body = { type: "urn:countersign:problem:invalid-request", detail: "too long", field: "email" };
    expect(readProblem(400, null, body, NOW)).toEqual({
      kind: "invalid-request",
      detail: "too long",
      field: "email",
    });
  });

  it("carries how long to wait", () => {
    const body = { type: "urn:countersign:problem:too-many-attempts" };
    expect(readProblem(429, "30", body, NOW)).toEqual({ kind: "too-many-attempts", retryAfter: 30 });
  });

  it.each([
    [401, "invalid-credentials"],
    [404, "not-found"],
    [410, "expired"],
    [413, "too-large"],
    [429, "too-many-attempts"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "unavailable"],
    [500, "internal"],
    [418, "internal"],
  ])("is judged by its status %i where a proxy wrote it", (status, kind) => {
    expect(readProblem(status, null, "<html>", NOW)).toEqual({ kind });
  });

  it.each([
    null,
    7,
    [],
    { type: 3 },
    { type: "urn:countersign:problem:" },
    { type: "urn:countersign:problem:x" },
  ])("is never trusted to have a form: %j", (body) => {
    expect(readProblem(500, null, body, NOW)).toEqual({ kind: "internal" });
  });

  it("does not take over a field or detail that is no text", () => {
    expect(readProblem(410, null, { detail: {}, field: 1 }, NOW)).toEqual({ kind: "expired" });
  });
});

describe("Retry-After", () => {
  it("may be seconds", () => expect(retryAfterSeconds(" 12 ", NOW)).toBe(12));
  it("may be a date", () => expect(retryAfterSeconds("Sat, 01 Mar 2025 12:00:05 GMT", NOW)).toBe(5));
  it("of a day or more is a day", () => expect(retryAfterSeconds("999999", NOW)).toBe(86400));
  it.each([null, "", "soon", "-3", "0", "Sat, 01 Mar 2025 11:00:00 GMT"])("says nothing as %j", (header) => {
    expect(retryAfterSeconds(header, NOW)).toBeUndefined();
  });
});

describe("a thrown value", () => {
  it("gives back the problem it carries", () => {
    expect(problemOf(new ProblemError({ kind: "expired" }))).toEqual({ kind: "expired" });
  });
  it("is otherwise a fault of ours", () =>
    expect(problemOf(new TypeError("x"))).toEqual({ kind: "internal" }));
});
