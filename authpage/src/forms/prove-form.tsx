/** A login made for one change of the account: the address, the password, and then the change itself. */

import { type Problem, ProblemError, problemOf } from "../api/problem";
import { signIn } from "../crypto/opaque";
import { endsChange } from "../ui/change-gone";
import { CredentialsForm } from "./credentials-form";
import type { Ending } from "./use-submit";

interface ProveFormProps {
  /** What the login is made for. */
  flowId: string;
  /** The address to fill in; empty where the page does not know it. */
  email: string;
  emailLabel: string;
  /** What the names of its parts for tests begin with. */
  testId: string;
  label: string;
  busyLabel: string;
  /** What it is for cannot be undone. */
  danger?: boolean;
  hint: string;
  /** Makes the change, with the password that was right. */
  onProven: (password: string) => Promise<Ending>;
  /** Gets what ends it for good. */
  onGone: (problem: Problem) => void;
}

export function ProveForm({ flowId, onProven, onGone, ...form }: ProveFormProps) {
  async function attempt(address: string, secret: string) {
    try {
      await signIn(address, secret, flowId).catch((thrown: unknown) => {
        // What has expired here is the login, not what it is for.
        throw problemOf(thrown).kind === "expired" ? new ProblemError({ kind: "too-slow" }) : thrown;
      });
      return await onProven(secret);
    } catch (thrown) {
      const problem = problemOf(thrown);
      if (!endsChange(problem)) throw thrown;
      onGone(problem);
      return "stays" as const;
    }
  }

  return <CredentialsForm {...form} attempt={attempt} />;
}
