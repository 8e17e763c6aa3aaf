import { describe, expect, it } from "vitest";
import { emailSlip } from "./email";

describe("an e-mail address", () => {
  it.each(["ada@example.org", " ada@example.org ", "ada@localhost", "zoë@bücher.example", "a+b@c.de"])(
    "may be sent: %j",
    (email) => expect(emailSlip(email)).toBeNull(),
  );
  it.each(["ada", "ada@", "@example.org", "a b@example.org", "a@b@c", "a@b, c@d", "<a@b>"])(
    "is seen to be none: %j",
    (email) => expect(emailSlip(email)).toMatch(/not an e-mail address/),
  );
  it.each(["", "  "])("may be missing: %j", (email) => expect(emailSlip(email)).toMatch(/Please enter/));
});
