/**
 * How many guesses a password would stand, estimated here in the page: nothing is sent.
 *
 * The password is cut into the pieces a guesser would try first (common passwords, the person's own address, runs and
 * repeats, years, single characters), in the cheapest way there is; the guesses of the pieces multiply. Guesses are
 * counted as their decimal logarithm.
 */

/** The fewest characters that are accepted. */
export const SHORTEST = 8;
/** The most that are accepted; far above any password manager's, it only bounds the work. */
export const LONGEST = 1000;

/** 0 may not be used; 1 weak, 2 fair, 3 good, 4 strong. */
export type Score = 0 | 1 | 2 | 3 | 4;

/** What to tell about a password. */
export interface Strength {
  score: Score;
  advice: "too-short" | "too-long" | "common" | "address" | "pattern" | "longer" | "none";
}

/** Words by rank; the most common has rank 1. */
export type Ranks = ReadonlyMap<string, number>;

interface Piece {
  guesses: number;
  kind: "word" | "address" | "pattern" | "other";
}

const LOOKED_AT = 64;
const PER_CHARACTER = 1.1;
const PER_PIECE = 0.3;
const KEYBOARD = [
  "1234567890",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qwertzuiop",
  "azertyuiop",
  "yxcvbnm",
  "1qaz2wsx3edc4rfv",
];
const ALPHABET = "abcdefghijklmnopqrstuvwxyz";
const RUNS = [...KEYBOARD, ALPHABET].flatMap((run) => [run, [...run].reverse().join("")]);
const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "7": "t",
  "8": "b",
  "9": "g",
  "@": "a",
  $: "s",
  "!": "i",
  "+": "t",
};
const THRESHOLDS = [3.5, 6, 8.5, 11] as const;

/** The ranks of common passwords that are listed with the most common first. */
export function ranksOf(list: readonly string[]): Ranks {
  return new Map(list.map((word, index) => [word, index + 1]));
}

function wordPiece(text: string, plain: string, ranks: Ranks, own: ReadonlySet<string>): Piece | undefined {
  if (plain.length < 3) return undefined;
  const unleet = [...plain].map((c) => LEET[c] ?? c).join("");
  const extra = text === plain ? 0 : 0.5;
  if (own.has(plain) || own.has(unleet)) return { guesses: 0.7 + extra, kind: "address" };
  const rank = ranks.get(plain);
  if (rank !== undefined) return { guesses: Math.log10(rank + 1) + extra, kind: "word" };
  const leetRank = ranks.get(unleet);
  if (leetRank !== undefined) return { guesses: Math.log10(leetRank + 1) + extra + 0.5, kind: "word" };
  return undefined;
}

function patternPiece(plain: string): Piece | undefined {
  if (/^(19[3-9]\d|20[0-4]\d)$/.test(plain)) return { guesses: 2, kind: "pattern" };
  if (plain.length < 3) return undefined;
  if (RUNS.some((run) => run.includes(plain)))
    return { guesses: 1.2 + Math.log10(plain.length), kind: "pattern" };
  const unit = /^(.{1,8}?)\1+$/su.exec(plain)?.[1];
  if (unit === undefined) return undefined;
  return { guesses: unit.length * PER_CHARACTER + Math.log10(plain.length / unit.length), kind: "pattern" };
}

/** The cheapest way to put the password together: its guesses, and the kind of its longest piece that is no chance. */
function cheapest(
  text: string,
  ranks: Ranks,
  own: ReadonlySet<string>,
): { guesses: number; kind: Piece["kind"] } {
  const characters = [...text];
  const best: { guesses: number; kind: Piece["kind"]; covered: number }[] = [
    { guesses: 0, kind: "other", covered: 0 },
  ];
  for (let end = 1; end <= characters.length; end += 1) {
    for (let start = 0; start < end; start += 1) {
      const before = best[start];
      if (before === undefined) continue;
      const raw = characters.slice(start, end).join("");
      const plain = raw.toLowerCase();
      const single: Piece | undefined =
        end - start === 1 ? { guesses: PER_CHARACTER, kind: "other" } : undefined;
      for (const piece of [single, wordPiece(raw, plain, ranks, own), patternPiece(plain)]) {
        if (piece === undefined) continue;
        const joint = piece.kind === "other" || start === 0 ? 0 : PER_PIECE;
        const guesses = before.guesses + piece.guesses + joint;
        if (guesses >= (best[end]?.guesses ?? Number.POSITIVE_INFINITY)) continue;
        const longer = piece.kind !== "other" && end - start > before.covered;
        best[end] = {
          guesses,
          kind: longer ? piece.kind : before.kind,
          covered: longer ? end - start : before.covered,
        };
      }
    }
  }
  return best[characters.length] ?? { guesses: 0, kind: "other" };
}

function partsOf(email: string): ReadonlySet<string> {
  const parts = [email, ...email.split("@"), ...email.split(/[^\p{L}\p{N}]+/u)];
  return new Set(parts.map((part) => part.toLowerCase()).filter((part) => part.length >= 3));
}

/** Judges `password`, which belongs to `email` (empty where it is not known yet). */
export function strengthOf(password: string, email: string, ranks: Ranks): Strength {
  const length = [...password].length;
  if (length < SHORTEST) return { score: 0, advice: "too-short" };
  if (length > LONGEST) return { score: 0, advice: "too-long" };
  if (ranks.has(password.toLowerCase())) return { score: 0, advice: "common" };
  // The search is quadratic; what comes after the first characters can only make the password better.
  const head = [...password].slice(0, LOOKED_AT).join("");
  const { guesses, kind } = cheapest(head, ranks, partsOf(email));
  const score = THRESHOLDS.filter((threshold) => guesses >= threshold).length as Score;
  if (score >= 3) return { score, advice: "none" };
  const advice = ({ word: "common", address: "address", pattern: "pattern", other: "longer" } as const)[kind];
  return { score, advice };
}
