import { describe, expect, it } from "vitest";
import { policyOf, takesApplications } from "./onboarding";

describe("who may sign up", () => {
  it.each([
    ["open", "open", true],
    ["approval", "approval", true],
    ["invite", "invite", false],
    ["closed", "closed", false],
    ["OPEN", "unknown", true],
    ["", "unknown", true],
    [undefined, "unknown", true],
  ])("of a document that says %j is %s", (content, policy, takes) => {
    expect(policyOf(content)).toBe(policy);
    expect(takesApplications(policyOf(content))).toBe(takes);
  });
});
