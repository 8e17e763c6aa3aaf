/** A list that is read page by page, and anew when something has changed. */

import { useCallback, useEffect, useRef, useState } from "react";
import { type Problem, problemOf } from "../api/problem";
import type { Page } from "./api";

/** What is known of a list. */
export interface Pages<Entry> {
  /** `null` until the first answer is there. What was read stays until something newer is. */
  entries: Entry[] | null;
  /** Whether the list goes on. */
  hasMore: boolean;
  /** Something is being read. */
  busy: boolean;
  /** Why the last reading failed. */
  problem: Problem | null;
  /** Changes with every new beginning of the list, but not when it grows. */
  edition: number;
  more: () => void;
  again: () => void;
}

interface Read<Entry> extends Page<Entry> {
  edition: number;
}

/** Reads the first page once per `read` (keep it stable), and further ones when told to. */
export function usePages<Entry>(read: (cursor: string | null) => Promise<Page<Entry>>): Pages<Entry> {
  const [list, setList] = useState<Read<Entry> | null>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [turn, setTurn] = useState(0);
  // Of two readings that overlap, the answer to the later one counts.
  const latest = useRef(0);

  const load = useCallback(
    (cursor: string | null) => {
      latest.current += 1;
      const mine = latest.current;
      setBusy(true);
      setProblem(null);
      read(cursor).then(
        (page) => {
          if (mine !== latest.current) return;
          setList((before) =>
            cursor === null || before === null
              ? { ...page, edition: mine }
              : { ...page, entries: [...before.entries, ...page.entries], edition: before.edition },
          );
          setBusy(false);
        },
        (thrown: unknown) => {
          if (mine !== latest.current) return;
          setProblem(problemOf(thrown));
          setBusy(false);
        },
      );
    },
    [read],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new turn is a reason to read again
  useEffect(() => {
    load(null);
    return () => {
      latest.current += 1;
    };
  }, [load, turn]);

  return {
    entries: list?.entries ?? null,
    hasMore: list !== null && list.next !== null,
    busy,
    problem,
    edition: list?.edition ?? 0,
    more: useCallback(() => list !== null && list.next !== null && load(list.next), [list, load]),
    again: useCallback(() => setTurn((before) => before + 1), []),
  };
}
