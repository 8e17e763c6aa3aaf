/** Doing one thing at a time: no second submit while one runs, and none before the server's `Retry-After` is over. */

import { useRef, useState } from "react";
import { type Problem, problemOf } from "../api/problem";
import { useWait } from "./use-wait";

/** What `run` was asked to do ends on this page, or by leaving it (then the button stays busy until the page is gone). */
export type Ending = "stays" | "leaves";

/** The state of one form's submit. */
export interface Submit {
  busy: boolean;
  problem: Problem | null;
  /** Whole seconds until the server wants to be asked again; 0 when it may be asked. */
  wait: number;
  /** Runs `work` unless it must wait. */
  run(work: () => Promise<Ending>): void;
}

/** The submit of a form. */
export function useSubmit(): Submit {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [wait, setWait] = useWait();
  const running = useRef(false);

  async function attempt(work: () => Promise<Ending>) {
    if (running.current || wait > 0) return;
    running.current = true;
    setBusy(true);
    setProblem(null);
    try {
      if ((await work()) === "leaves") return;
    } catch (thrown) {
      const failed = problemOf(thrown);
      setProblem(failed);
      setWait(failed.retryAfter ?? 0);
    }
    running.current = false;
    setBusy(false);
  }

  return { busy, problem, wait, run: (work) => void attempt(work) };
}
