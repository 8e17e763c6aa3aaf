/** What a page reads from the server before it can say everything. */

import { useCallback, useEffect, useState } from "react";
import { type Problem, problemOf } from "./api/problem";

/** The state of one reading. */
export type Load<Value> =
  | { state: "loading" }
  | { state: "ready"; value: Value }
  | { state: "failed"; problem: Problem };

/** Reads once per `read` (keep it stable), and again when told to; what was read before stays until the answer comes. */
export function useLoad<Value>(read: () => Promise<Value>): [Load<Value>, () => void] {
  const [load, setLoad] = useState<Load<Value>>({ state: "loading" });
  const [turn, setTurn] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is a reason to read again
  useEffect(() => {
    let current = true;
    setLoad((before) => (before.state === "ready" ? before : { state: "loading" }));
    read().then(
      (value) => current && setLoad({ state: "ready", value }),
      (thrown: unknown) => current && setLoad({ state: "failed", problem: problemOf(thrown) }),
    );
    return () => {
      current = false;
    };
  }, [read, turn]);

  return [load, useCallback(() => setTurn((before) => before + 1), [])];
}
