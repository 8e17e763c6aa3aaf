/** The demo application: signs in through the real flow and shows everything it got. */

import { useEffect, useRef, useState } from "react";
import { Mark } from "../ui/mark";
import { Json } from "./json";
import { decode } from "./jwt";
import { OAuthError, refresh, returned, signIn, signOut, type Tokens, userinfo } from "./oidc";

type Failure = { code: string; description: string };

// The address is read and cleared once, before anything is drawn: a code can be redeemed only once.
const search = window.location.search;
if (search !== "") history.replaceState(null, "", window.location.pathname);
const back = returned(search);
back.catch(() => undefined);

const WORDS: Readonly<Record<string, string>> = {
  access_denied: "You did not allow it, so this application knows nothing about you.",
  invalid_grant: "That was used before, or it has expired. Please sign in again.",
};

export function Demo() {
  const [tokens, setTokens] = useState<Tokens | null>(null);
  const [person, setPerson] = useState<Record<string, unknown> | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [news, setNews] = useState("");
  const [busy, setBusy] = useState(true);
  const [arrived, setArrived] = useState(false);
  const running = useRef(false);

  async function run(work: () => Promise<void>) {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setFailure(null);
    try {
      await work();
    } catch (thrown) {
      const code = thrown instanceof OAuthError ? thrown.code : "error";
      const said = thrown instanceof Error ? thrown.message : "";
      setFailure({ code, description: [WORDS[code], said].filter(Boolean).join(" ") });
    } finally {
      running.current = false;
      setBusy(false);
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page is there
  useEffect(() => {
    const arriving = run(async () => {
      const answer = await back;
      if (answer.kind === "signed-out") setNews("Signed out, here and at the server.");
      if (answer.kind !== "tokens") return;
      setTokens(answer.tokens);
      setPerson(await userinfo(answer.tokens));
    });
    void arriving.then(() => setArrived(true));
  }, []);

  return (
    <div className="demo">
      <header className="brand">
        <Mark />
        <span>Demo application</span>
      </header>
      <main className="card" aria-busy={busy} data-pending={!arrived || undefined}>
        <h1>{tokens === null || !arrived ? "Try the sign-in" : "You are signed in"}</h1>
        <p className="lead">
          {tokens === null
            ? "This page is an ordinary OpenID Connect client: public, with PKCE, in the browser alone."
            : "This is everything that the application got. The password is not in it."}
        </p>
        {failure !== null && (
          <div className="alert" role="alert" data-testid="demo-error">
            <p>
              <code>{failure.code}</code> {failure.description}
            </p>
          </div>
        )}
        <p className="news" role="status">
          {news}
        </p>
        {tokens === null ? (
          <div className="buttons">
            <button className="button" type="button" data-testid="demo-signin" onClick={() => run(signIn)}>
              Sign in with Countersign
            </button>
          </div>
        ) : (
          <>
            <div className="buttons">
              <button
                className="button"
                type="button"
                data-testid="demo-refresh"
                onClick={() =>
                  run(async () => {
                    setTokens(await refresh(tokens));
                    setNews(`Tokens refreshed at ${new Date().toLocaleTimeString()}.`);
                  })
                }
              >
                Refresh tokens
              </button>
              <button
                className="button quiet"
                type="button"
                data-testid="demo-call-userinfo"
                onClick={() =>
                  run(async () => {
                    setPerson(await userinfo(tokens));
                    setNews(`Userinfo asked at ${new Date().toLocaleTimeString()}.`);
                  })
                }
              >
                Ask userinfo
              </button>
              <button
                className="button quiet"
                type="button"
                data-testid="demo-signout"
                onClick={() => run(() => signOut(tokens))}
              >
                Sign out
              </button>
            </div>
            <Shown tokens={tokens} person={person} />
          </>
        )}
      </main>
      {arrived && (
        <footer className="links">
          <a href="/dev/mailbox/">Mailbox</a>
          <a href="/account/">Account page</a>
        </footer>
      )}
    </div>
  );
}

function Shown({ tokens, person }: { tokens: Tokens; person: Record<string, unknown> | null }) {
  const id = decode(tokens.id_token);
  const access = decode(tokens.access_token);
  return (
    <div className="sections">
      <section data-testid="demo-id-token" aria-labelledby="id-token">
        <h2 id="id-token">ID token</h2>
        <p className="note">Who signed in, when and how. Signature: {tokens.signature}.</p>
        <Json label="Header of the ID token" value={id.header} />
        <Json label="Claims of the ID token" value={id.claims} />
      </section>
      <section data-testid="demo-access-token" aria-labelledby="access-token">
        <h2 id="access-token">Access token</h2>
        <p className="note">
          For APIs. {tokens.expires_in !== undefined && `Good for ${tokens.expires_in} seconds. `}
          {tokens.refresh_token === undefined
            ? "No refresh token came along."
            : "A refresh token came along."}
        </p>
        <Json label="Header of the access token" value={access.header} />
        <Json label="Claims of the access token" value={access.claims} />
      </section>
      <section data-testid="demo-userinfo" aria-labelledby="userinfo">
        <h2 id="userinfo">Userinfo</h2>
        <p className="note">What the server answers to the access token.</p>
        {person !== null && <Json label="Answer of userinfo" value={person} />}
      </section>
    </div>
  );
}
