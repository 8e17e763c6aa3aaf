/** Who somebody is, as far as they say when they ask to be taken in. */

import type { Problem } from "../api/problem";
import { Field } from "./field";
import { textIn, type Values } from "./values";

interface IntroductionProps {
  problem: Problem | null;
  /** What was filled in before. */
  initial?: Values;
  /** Begins the fields' `data-testid`s. */
  testId: string;
  /** The fields are the person's own, so the browser may fill them in. */
  own?: boolean;
}

/** First name, last name, phone. */
export function Introduction({ problem, initial = {}, testId, own = true }: IntroductionProps) {
  const fill = (kind: string) => (own ? kind : "off");
  return (
    <>
      <div className="side-by-side">
        <Field
          type="text"
          label="First name"
          data-field="given_name"
          data-testid={`${testId}-given-name`}
          defaultValue={textIn(initial, "given_name")}
          autoComplete={fill("given-name")}
          autoCapitalize="words"
          maxLength={100}
          invalid={problem?.field === "given_name"}
        />
        <Field
          type="text"
          label="Last name"
          data-field="family_name"
          data-testid={`${testId}-family-name`}
          defaultValue={textIn(initial, "family_name")}
          autoComplete={fill("family-name")}
          autoCapitalize="words"
          maxLength={100}
          invalid={problem?.field === "family_name"}
        />
      </div>
      <Field
        type="tel"
        label={<Optional>Phone number</Optional>}
        data-field="phone"
        data-testid={`${testId}-phone`}
        defaultValue={textIn(initial, "phone")}
        autoComplete={fill("tel")}
        maxLength={64}
        invalid={problem?.field === "phone"}
      />
    </>
  );
}

/** The label of a field that may be left blank among others that should not. */
export function Optional({ children }: { children: string }) {
  return (
    <>
      {children} <span className="optional">optional</span>
    </>
  );
}
