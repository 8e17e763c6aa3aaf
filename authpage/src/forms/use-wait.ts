/** Counting down the seconds that the server asked for. */

import { useEffect, useState } from "react";

/** The seconds left, starting at `initial`, and the function that sets them anew. */
export function useWait(initial = 0): [number, (seconds: number) => void] {
  const [wait, setWait] = useState(initial);
  useEffect(() => {
    if (wait === 0) return;
    const timer = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(timer);
  }, [wait]);
  return [wait, setWait];
}
