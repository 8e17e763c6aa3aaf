/** What a scope means to the person who grants it. */

const WORDS: ReadonlyMap<string, string> = new Map([
  ["openid", "Recognise you when you come back"],
  ["profile", "See your name and profile"],
  ["email", "See your e-mail address"],
  ["address", "See your postal address"],
  ["phone", "See your phone number"],
  ["entitlements", "See which subscription you have"],
  ["offline_access", "Stay connected while you are away"],
]);

/** The words for `scope`, or `null` for one that only the application can explain. */
export function scopeWords(scope: string): string | null {
  return WORDS.get(scope) ?? null;
}
