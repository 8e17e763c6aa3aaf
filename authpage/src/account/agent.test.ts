import { describe, expect, it } from "vitest";
import { deviceOf } from "./agent";

const MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)";
const WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)";

describe("a device in words", () => {
  it.each([
    ["Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0", "Firefox on Linux", false],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0`,
      "Edge on Windows",
      false,
    ],
    [`${MAC} ${WEBKIT} Chrome/140.0.0.0 Safari/537.36`, "Chrome on Mac", false],
    [`${MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15`, "Safari on Mac", false],
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
      "Safari on iPhone",
      true,
    ],
    [
      "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36",
      "Chrome on Android",
      true,
    ],
    [
      `Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} HeadlessChrome/140.0 Safari/537.36`,
      "Chrome on Linux",
      false,
    ],
    [
      `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/140.0 Safari/537.36`,
      "Chrome on ChromeOS",
      false,
    ],
    ["curl/8.5.0", "curl", false],
    ["Mozilla/5.0", "Unknown device", false],
    ["<b>This browser</b>", "Unknown device", false],
  ])("%s is %s", (agent, words, handheld) => {
    expect(deviceOf(agent)).toEqual({ words, handheld });
  });

  it("is unknown where the browser said nothing", () => {
    expect(deviceOf(null).words).toBe("Unknown device");
  });
});
