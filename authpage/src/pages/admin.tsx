/** The administration page; its parts are fetched when somebody opens it. */

import type { ComponentType } from "react";
import { ProblemError } from "../api/problem";
import { Frame } from "../ui/frame";
import { Interrupted } from "../ui/stopped";
import { useLoad } from "../use-load";

let loaded: ComponentType | undefined;

async function fetchParts(): Promise<ComponentType> {
  const parts = await import("../admin/admin").catch(() => {
    throw new ProblemError({ kind: "not-loaded" });
  });
  loaded = parts.Administration;
  return loaded;
}

export function Admin() {
  if (loaded === undefined) return <Fetching />;
  const Parts = loaded;
  return <Parts />;
}

function Fetching() {
  const [load, retry] = useLoad(fetchParts);
  if (load.state === "failed") return <Interrupted problem={load.problem} onRetry={retry} />;
  if (load.state === "loading") return <Frame roomy title="Administration" pending />;
  const Parts = load.value;
  return <Parts />;
}
