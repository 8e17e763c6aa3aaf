import { describe, expect, it } from "vitest";
import { pageAt, tokenOf, withFlow } from "./routes";

describe("the path switch", () => {
  it.each([
    ["/", "landing"],
    ["/login/", "sign-in"],
    ["/login", "sign-in"],
    ["/signup/", "sign-up"],
    ["/confirm/", "confirm"],
    ["/register/", "register"],
    ["/forgot/", "forgot"],
    ["/reset/", "reset"],
    ["/consent/", "consent"],
    ["/logout/", "logout"],
    ["/signed-out/", "signed-out"],
    ["/account/", "account"],
    ["/account/delete/", "delete-account"],
    ["/email/", "new-email"],
    ["/device/", "device"],
    ["/admin/", "admin"],
    ["/error/", "error"],
  ])("shows at %s the page %s", (path, page) => {
    expect(pageAt(path)).toBe(page);
  });

  it.each(["/login//", "/login/x", "/LOGIN/", "/__proto__/", "/constructor/", ""])(
    "knows no page at %j",
    (path) => {
      expect(pageAt(path)).toBe("not-found");
    },
  );
});

describe("links", () => {
  it("carry the flow along, escaped", () => {
    expect(withFlow("/signup/", "a b&c")).toBe("/signup/?flow_id=a%20b%26c");
  });

  it("are bare without a flow", () => {
    expect(withFlow("/signup/", null)).toBe("/signup/");
  });

  it("hold their token in the fragment", () => {
    expect(tokenOf("#abc-_1")).toBe("abc-_1");
    expect(tokenOf("#")).toBeNull();
    expect(tokenOf("")).toBeNull();
  });
});
