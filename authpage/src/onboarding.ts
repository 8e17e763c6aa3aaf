/** Who may sign up here, as the document says that the server has served. */

/** The server's `define.onboarding`; `unknown` on a document that does not say, such as an error's. */
export type Onboarding = "open" | "approval" | "invite" | "closed" | "unknown";

const POLICIES: readonly Onboarding[] = ["open", "approval", "invite", "closed"];

/** The policy in the `content` of the document's mark, which may be missing. */
export function policyOf(content: string | null | undefined): Onboarding {
  return POLICIES.find((policy) => policy === content) ?? "unknown";
}

/** The policy of this server. */
export function onboarding(): Onboarding {
  const mark = document.querySelector<HTMLMetaElement>('meta[name="countersign-onboarding"]');
  return policyOf(mark?.content);
}

/** Whether somebody may ask to be taken in. What is not known is left to the server's answer. */
export function takesApplications(policy: Onboarding): boolean {
  return policy !== "invite" && policy !== "closed";
}
