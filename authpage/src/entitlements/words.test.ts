import { describe, expect, it } from "vitest";
import { hexOf, planWords, stateWords } from "./words";

const PRO = { active: true, plan: 3, expires_at: 0, auto_renewing: false } as const;

describe("what somebody is entitled to", () => {
  it("has a name for every plan and state", () => {
    expect([1, 2, 3].map((plan) => planWords(plan as 1 | 2 | 3))).toEqual([
      "One month",
      "Three months",
      "Twelve months",
    ]);
    expect(stateWords(PRO)).toBe("Active, does not renew");
    expect(stateWords({ ...PRO, auto_renewing: true })).toBe("Active, renews by itself");
    expect(stateWords({ ...PRO, active: false, auto_renewing: true })).toBe("Ended");
  });
});

describe("hexadecimal digits", () => {
  it("are read in either case and exactly", () => {
    expect(hexOf(" ABcd ", 2)).toBe("abcd");
    for (const bad of ["", "abc", "abcde", "abcg", "0xab", "ab cd"]) expect(hexOf(bad, 2)).toBeNull();
  });
});
