/** Moments as people say them. */

const DAY_MS = 24 * 60 * 60 * 1000;

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

function startOfDay(millis: number): number {
  return new Date(millis).setHours(0, 0, 0, 0);
}

/** `today at 14:05`, `yesterday at 9:12`, or the day, for a moment in milliseconds since 1970. */
export function moment(millis: number, now = Date.now()): string {
  // Rounded: two days of a year are an hour shorter or longer than others.
  const days = Math.round((startOfDay(now) - startOfDay(millis)) / DAY_MS);
  if (days === 0) return `today at ${TIME.format(millis)}`;
  if (days === 1) return `yesterday at ${TIME.format(millis)}`;
  return `on ${DAY.format(millis)}`;
}
