import { describe, expect, it } from "vitest";
import { pathOf, viewOf } from "./paths";

describe("the parts of the administration page", () => {
  it.each(["applicants", "invite", "people", "person", "clients", "client", "new-client"] as const)(
    "are found by their address: %s",
    (view) => {
      const { searchParams } = new URL(pathOf(view, "a/b&c=d"), "https://id.example.org");
      expect(viewOf(searchParams.get("view"))).toBe(view);
      if (view !== "applicants") expect(searchParams.get("id")).toBe("a/b&c=d");
    },
  );

  it.each([null, "", "nothing", "constructor"])("begin with who waits: %j", (view) => {
    expect(viewOf(view)).toBe("applicants");
  });
});
