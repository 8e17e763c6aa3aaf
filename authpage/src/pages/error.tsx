/**
 * Errors that the server tells with the page itself: an authorization request that cannot be answered to its application,
 * and a page that is not there.
 */

import { Link } from "../navigation";
import { Stopped } from "../ui/stopped";

/** What the server wrote into the document, or `null` where all is well. */
export function serverError(): { kind: string; detail: string } | null {
  const meta = (name: string) => document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;
  const kind = meta("countersign-error");
  return kind === undefined ? null : { kind, detail: meta("countersign-error-detail") ?? "" };
}

export function ServerError({ kind, detail }: { kind: string; detail: string }) {
  if (kind === "not-found") return <NotFound />;
  return (
    <Stopped title="This sign-in cannot go on" actions={<Home />}>
      <p>The application that sent you here asked in a way that this server does not accept.</p>
      <p>Nothing is wrong with your account. Please tell whoever runs the application what stands below.</p>
      <dl className="facts quoted" data-testid="error-detail">
        <dt>Error</dt>
        <dd>
          <code>{kind}</code>
        </dd>
        {detail !== "" && (
          <>
            <dt>Meaning</dt>
            <dd>{detail}</dd>
          </>
        )}
      </dl>
    </Stopped>
  );
}

/** `/error/` opened by itself. */
export function PlainError() {
  return (
    <Stopped title="Something went wrong" actions={<Home />}>
      <p>
        Please go back to the application and start again there. If it stays, tell whoever runs this server.
      </p>
    </Stopped>
  );
}

export function NotFound() {
  return (
    <Stopped title="There is no such page" actions={<Home />}>
      <p>The address may be mistyped, or the link is old.</p>
    </Stopped>
  );
}

function Home() {
  return (
    <Link className="button quiet" href="/">
      To the front page
    </Link>
  );
}
