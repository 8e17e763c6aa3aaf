/** Judges a password while it is typed, with the estimator loaded at the first sign of need. */

import { useCallback, useState } from "react";
import type { Strength } from "./strength";

type Judge = typeof import("./judge").judge;

let loaded: Promise<Judge> | undefined;

function loadJudge(): Promise<Judge> {
  loaded ??= import("./judge").then((module) => module.judge);
  loaded.catch(() => {
    loaded = undefined;
  });
  return loaded;
}

/** Fetches the estimator ahead of need. */
export function prefetchJudge(): void {
  loadJudge().catch(() => undefined);
}

/** The last judgement, and the function that asks for a new one. It fails only where the estimator cannot be fetched. */
export function useStrength(email: string) {
  const [strength, setStrength] = useState<Strength | null>(null);
  const judge = useCallback(
    async (password: string): Promise<Strength> => {
      const judgement = (await loadJudge())(password.normalize("NFC"), email);
      setStrength(judgement);
      return judgement;
    },
    [email],
  );
  return { strength, judge };
}
