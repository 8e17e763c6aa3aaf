/** Which browser and system a `User-Agent` means. It is what a browser says of itself: a hint for its owner, no proof. */

/** A device in words. */
export interface Device {
  words: string;
  handheld: boolean;
}

/** The first that fits counts: most browsers claim to be the ones before them, too. */
const BROWSERS: readonly [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|Opera)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome|Chromium)\//, "Chrome"],
  [/\bVersion\/\S+ .*Safari\//, "Safari"],
];

const SYSTEMS: readonly [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\b(Macintosh|Mac OS X)\b/, "Mac"],
  [/\bLinux\b/, "Linux"],
];

/** Says which device `agent` is. */
export function deviceOf(agent: string | null): Device {
  const text = agent ?? "";
  const browser = BROWSERS.find(([pattern]) => pattern.test(text))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(text))?.[1];
  const handheld = /\b(Mobile|iPhone|iPad|Android)\b/.test(text);
  if (browser !== undefined && system !== undefined) return { words: `${browser} on ${system}`, handheld };
  return { words: browser ?? program(text) ?? system ?? "Unknown device", handheld };
}

/** The name of something that is no browser: `curl/8.5` is curl. */
function program(text: string): string | undefined {
  const name = /^([A-Za-z][\w.-]{0,30})\//.exec(text)?.[1];
  return name === "Mozilla" ? undefined : name;
}
