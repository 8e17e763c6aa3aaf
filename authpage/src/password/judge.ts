/** The estimator together with its list of words: the part of the meter that is loaded when a password is being chosen. */

import common from "@zxcvbn-ts/language-common/src/passwords.json";
import { ranksOf, type Strength, strengthOf } from "./strength";

const ranks = ranksOf(common);

/** Judges `password`, which belongs to `email`. */
export function judge(password: string, email: string): Strength {
  return strengthOf(password, email, ranks);
}
