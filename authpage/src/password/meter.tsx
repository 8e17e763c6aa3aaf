/** The strength meter below a field where a password is chosen. Its lines keep their place, empty or not. */

import { useEffect, useState } from "react";
import { SHORTEST, type Strength } from "./strength";

const NAMES = ["Too easy", "Weak", "Fair", "Good", "Strong"] as const;

/** What a person can do about a password that was judged so. */
export function adviceFor(strength: Strength): string {
  switch (strength.advice) {
    case "too-short":
      return `At least ${SHORTEST} characters. Several words in a row are easy to remember.`;
    case "too-long":
      return "That is longer than this page can handle.";
    case "common":
      return "It is too close to a very common password.";
    case "address":
      return "It is built on your e-mail address.";
    case "pattern":
      return "Rows of keys, repeats and years are tried first.";
    case "longer":
      return "A few more characters, or one more word, would help much.";
    case "none":
      return "";
  }
}

/** Shows how the password of length `length` was judged; `null` while nothing is known. */
export function Meter({ id, length, strength }: { id: string; length: number; strength: Strength | null }) {
  const name = strength === null ? "" : strength.advice === "too-short" ? "Too short" : NAMES[strength.score];
  const advice =
    strength === null || length === 0
      ? `At least ${SHORTEST} characters. Several words in a row are easy to remember.`
      : adviceFor(strength);
  const shown = length === 0 ? "" : name;
  return (
    <div className="meter">
      <div className="meter-row" aria-hidden="true">
        <div className="meter-bar" data-score={length === 0 ? "none" : (strength?.score ?? "none")}>
          <span />
          <span />
          <span />
          <span />
        </div>
        <span className="meter-name">{shown}</span>
      </div>
      <p className="meter-advice" id={id}>
        {advice}
      </p>
      <Spoken words={shown && `Password strength: ${shown}. ${advice}`} />
    </div>
  );
}

/** Reads the judgement out once typing has paused, not at every key. */
function Spoken({ words }: { words: string }) {
  const [spoken, setSpoken] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSpoken(words), 900);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <p className="visually-hidden" role="status">
      {spoken}
    </p>
  );
}
