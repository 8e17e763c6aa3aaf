/** What one signs in with: the address and the password. Each is changed in its place. */

import { type ReactNode, useState } from "react";
import { ChangeEmail } from "./change-email";
import { ChangePassword } from "./change-password";
import { Notice, Section, useFocusWhen } from "./section";

interface CredentialsProps {
  email: string;
  onPasswordChanged: () => void;
}

export function Credentials({ email, onPasswordChanged }: CredentialsProps) {
  return (
    <Section
      title="Signing in"
      about="Your address and your password. Whoever changes either is asked for the password once more."
      testId="account-credentials"
    >
      <ul className="items">
        <Credential name="E-mail address" value={<span className="address">{email}</span>} testId="email">
          {(close) => <ChangeEmail email={email} onClose={close} />}
        </Credential>
        <Credential name="Password" value="Known to you alone" testId="password">
          {(close) => (
            <ChangePassword
              email={email}
              onClose={close}
              onChanged={() => {
                close("Your password is changed. Everything else that was signed in is signed out.");
                onPasswordChanged();
              }}
            />
          )}
        </Credential>
      </ul>
    </Section>
  );
}

interface CredentialProps {
  name: string;
  value: ReactNode;
  testId: string;
  /** The form; it is closed with what went well, if something did. */
  children: (close: (done?: string) => void) => ReactNode;
}

function Credential({ name, value, testId, children }: CredentialProps) {
  const [open, setOpen] = useState(false);
  const [done, setDone] = useState<string | null>(null);
  const button = useFocusWhen<HTMLButtonElement>(!open);

  function close(words?: string) {
    setDone(words ?? null);
    setOpen(false);
  }

  return (
    <li className="item">
      <div className="item-line">
        <div className="item-words">
          <p className="item-title">{name}</p>
          <p className="item-more">{value}</p>
        </div>
        {!open && (
          <button
            className="button quiet small"
            type="button"
            ref={button}
            data-testid={`${testId}-change`}
            onClick={() => {
              setDone(null);
              setOpen(true);
            }}
          >
            Change<span className="visually-hidden"> {name.toLowerCase()}</span>
          </button>
        )}
      </div>
      <Notice testId={`${testId}-done`}>{done}</Notice>
      {open && <div className="item-form">{children(close)}</div>}
    </li>
  );
}
