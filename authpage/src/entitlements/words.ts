/** What a plan and its state are called. */

import type { Pro } from "./api";

const PLANS: Readonly<Record<Pro["plan"], string>> = {
  1: "One month",
  2: "Three months",
  3: "Twelve months",
};

/** The plan's name. */
export function planWords(plan: Pro["plan"]): string {
  return PLANS[plan];
}

/** Active, ending or over. */
export function stateWords({ active, auto_renewing }: Pro): string {
  if (!active) return "Ended";
  return auto_renewing ? "Active, renews by itself" : "Active, does not renew";
}

/** Exactly `bytes` bytes in hexadecimal digits, blanks around them aside; else `null`. */
export function hexOf(text: string, bytes: number): string | null {
  const digits = text.trim().toLowerCase();
  return digits.length === 2 * bytes && /^[0-9a-f]*$/.test(digits) ? digits : null;
}
