/** The fields of what an administrator says of a membership. */

import type { Problem } from "../api/problem";
import { Field } from "../forms/field";

interface MembershipFieldsProps {
  testId: string;
  problem: Problem | null;
  number?: string | null | undefined;
  joined?: string | null | undefined;
}

/** Membership number and date of joining. */
export function MembershipFields({ testId, problem, number, joined }: MembershipFieldsProps) {
  const taken = problem?.kind === "conflict";
  return (
    <div className="side-by-side">
      <Field
        type="text"
        label="Membership number"
        data-field="membership_number"
        data-testid={`${testId}-number`}
        defaultValue={number ?? ""}
        autoComplete="off"
        maxLength={32}
        invalid={taken || problem?.field === "membership_number"}
      />
      <Field
        type="date"
        label="Member since"
        data-field="joined"
        data-testid={`${testId}-joined`}
        defaultValue={joined ?? ""}
        autoComplete="off"
        invalid={problem?.field === "joined"}
      />
    </div>
  );
}
