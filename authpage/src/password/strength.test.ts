import common from "@zxcvbn-ts/language-common/src/passwords.json";
import { describe, expect, it } from "vitest";
import { ranksOf, strengthOf } from "./strength";

const RANKS = ranksOf(common);
const judge = (password: string, email = "ada.lovelace@example.org") => strengthOf(password, email, RANKS);

describe("the list of common passwords", () => {
  it("has at least 3000 of acceptable length", () => {
    expect(common.filter((word) => word.length >= 8).length).toBeGreaterThanOrEqual(3000);
  });
  it("starts with the most common", () => expect(RANKS.get("123456")).toBe(1));
});

describe("a password", () => {
  it.each(["", "a", "Xk9$vQz", "😀😀😀"])("of under eight characters is refused: %j", (password) => {
    expect(judge(password)).toEqual({ score: 0, advice: "too-short" });
  });

  it("of a thousand characters is accepted, one more is not", () => {
    expect(judge("x7".repeat(500)).advice).not.toBe("too-long");
    expect(judge("x".repeat(1001))).toEqual({ score: 0, advice: "too-long" });
  });

  it.each(["password", "PASSWORD", "12345678", "iloveyou", "qwertyuiop", "trustno1"])(
    "that everybody tries first is refused: %s",
    (password) => {
      expect(judge(password)).toEqual({ score: 0, advice: "common" });
    },
  );

  it.each(["aaaaaaaa", "abcdefgh", "ada.lovelace", "lovelace1", "abababab"])(
    "that is one pattern or the address is refused: %s",
    (password) => {
      expect(judge(password).score).toBe(0);
    },
  );

  it.each(["P@ssw0rd1", "monkey1985", "qwerty2024!", "dragondragon"])(
    "made of a common word and a little is weak at best: %s",
    (password) => {
      expect(judge(password).score).toBeLessThanOrEqual(1);
    },
  );

  it.each(["x7Kp2mQ9vL", "correct horse battery staple", "Zug fährt um halb acht ab", "kluge-eule-42-tanzt"])(
    "of chance or of many words is good or strong: %s",
    (password) => {
      expect(judge(password).score).toBeGreaterThanOrEqual(3);
      expect(judge(password).advice).toBe("none");
    },
  );

  it("says what makes it weak", () => {
    expect(judge("ada.lovelace1").advice).toBe("address");
    expect(judge("99999999999").advice).toBe("pattern");
    expect(judge("footballx").advice).toBe("common");
  });

  it("never gets weaker by the characters after it", () => {
    const start = "correct horse battery";
    for (let more = 0; more < 12; more += 1) {
      expect(judge(start + "a".repeat(more)).score).toBeGreaterThanOrEqual(judge(start).score);
    }
  });

  it("is judged quickly, however long", () => {
    const begin = performance.now();
    judge("aB3$".repeat(250));
    expect(performance.now() - begin).toBeLessThan(250);
  });
});
