/** Sign up: asks for the address, and who asks, and sends a link there. */

import { signUp } from "../api/routes";
import { Fold } from "../forms/fold";
import { Introduction } from "../forms/introduction";
import { MailLink } from "../forms/mail-link";
import type { Submit } from "../forms/use-submit";
import type { Values } from "../forms/values";
import { Link } from "../navigation";
import { type Onboarding, onboarding, takesApplications } from "../onboarding";
import { Stopped } from "../ui/stopped";

export function SignUp() {
  const policy = onboarding();
  if (!takesApplications(policy)) return <NotHere policy={policy} />;
  const decides = policy === "approval";
  return (
    <MailLink
      title={decides ? "Ask to join" : "Create an account"}
      lead={decides ? "An administrator decides who joins." : "It begins with your e-mail address."}
      hint="We send a link there, to see that the address is yours."
      back="I have an account: sign in"
      purpose={
        decides
          ? "Open the link in it, so that your request goes to an administrator."
          : "Open the link in it to choose your password."
      }
      emailTestId="signup-email"
      submitTestId="signup-submit"
      ask={signUp}
      more={(submit, said) => <WhoAsks folded={!decides} submit={submit} said={said} />}
    />
  );
}

/** Where somebody decides, they want to know who asks; elsewhere nobody needs to say. */
function WhoAsks({ folded, submit, said }: { folded: boolean; submit: Submit; said: Values }) {
  const fields = <Introduction problem={submit.problem} initial={said} testId="signup" />;
  if (!folded) return fields;
  const wrong = submit.problem?.field;
  const filled = Object.keys(said).length > 0;
  return (
    <Fold title="Say who you are" open={filled || (wrong !== undefined && wrong !== "email")}>
      <p className="hint">All of this is optional, and can be changed later.</p>
      {fields}
    </Fold>
  );
}

function NotHere({ policy }: { policy: Onboarding }) {
  return (
    <Stopped
      title={policy === "invite" ? "By invitation" : "No new accounts"}
      actions={
        <Link className="button" href="/login/">
          Sign in
        </Link>
      }
    >
      {policy === "invite" ? (
        <>
          <p>Accounts are made here by invitation. An invitation comes by mail, with a link in it.</p>
          <p>If you should have one, please ask whoever runs this server.</p>
        </>
      ) : (
        <p>This server takes no new accounts. Please ask whoever runs it.</p>
      )}
    </Stopped>
  );
}
