/** What a new member may say of themselves beside their name. */

import type { Problem } from "../api/problem";
import { Check } from "./check";
import { Field } from "./field";
import { Fold } from "./fold";

const FIELDS = ["call_name", "education", "birth_date", "age_privacy"];

/** Call name, education, birth date and who may see it: folded away, for none of it is needed. */
export function AboutYou({ problem }: { problem: Problem | null }) {
  const wrong = problem?.field;
  return (
    <Fold
      title="Say more about yourself"
      open={wrong !== undefined && FIELDS.includes(wrong)}
      testId="register-more"
    >
      <p className="hint">All of this is optional, and can be changed later.</p>
      <Field
        type="text"
        label="What people call you"
        data-field="call_name"
        data-testid="register-call-name"
        autoComplete="nickname"
        autoCapitalize="words"
        maxLength={100}
        invalid={wrong === "call_name"}
      />
      <Field
        type="text"
        label="Education"
        data-field="education"
        data-testid="register-education"
        autoComplete="off"
        autoCapitalize="sentences"
        maxLength={100}
        invalid={wrong === "education"}
      />
      <Field
        type="date"
        label="Date of birth"
        data-field="birth_date"
        data-testid="register-birth-date"
        autoComplete="bday"
        invalid={wrong === "birth_date"}
      />
      <Check
        label="Hide my age and birthday from other members"
        data-field="age_privacy"
        data-testid="register-age-privacy"
      />
    </Fold>
  );
}
