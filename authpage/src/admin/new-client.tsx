/** Add an application. Its secret is shown once, for nobody can read it later. */

import { type FormEvent, useId, useState } from "react";
import { Check } from "../forms/check";
import { Field } from "../forms/field";
import { Fold } from "../forms/fold";
import { LinesField } from "../forms/lines-field";
import { SubmitButton } from "../forms/submit-button";
import { type Submit, useSubmit } from "../forms/use-submit";
import { valuesOf } from "../forms/values";
import { Link } from "../navigation";
import { Slot } from "../ui/slot";
import { useLoad } from "../use-load";
import { readAdministrator } from "./administrator";
import { addClient, type Client } from "./api";
import { type Described, hasPeople, type Kind, metadataOf } from "./client-metadata";
import { Copyable } from "./copyable";
import { AdminFrame } from "./frame";
import { pathOf } from "./paths";
import { Refused } from "./refused";

export function NewClient() {
  const [load, retry] = useLoad(readAdministrator);
  const [added, setAdded] = useState<Client | null>(null);

  if (load.state === "failed") return <Refused problem={load.problem} onRetry={retry} />;
  if (added !== null) return <Added client={added} />;
  return (
    <AdminFrame key="form" title="Add an application" section="clients" pending={load.state === "loading"}>
      <Form onAdded={setAdded} />
    </AdminFrame>
  );
}

const KINDS: readonly [Kind, string, string][] = [
  ["web", "Web application", "It has a server of its own, which keeps a secret."],
  ["page", "Single page app", "It runs in the browser alone and can keep no secret."],
  ["native", "Installed app", "On phones or computers; it can keep no secret."],
  ["service", "Service", "No people: it asks for itself, with a secret."],
];

function Form({ onAdded }: { onAdded: (client: Client) => void }) {
  const submit = useSubmit();
  const [kind, setKind] = useState<Kind>("web");
  const group = useId();
  const wrong = submit.problem?.field ?? "";

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const described = { ...valuesOf(event.currentTarget), kind } as Described;
    submit.run(async () => {
      onAdded(await addClient(metadataOf(described)));
      return "leaves";
    });
  }

  return (
    <form method="post" noValidate onSubmit={send}>
      <fieldset className="choices">
        <legend>What is it?</legend>
        {KINDS.map(([value, name, hint]) => (
          <Check
            key={value}
            type="radio"
            name={group}
            label={name}
            hint={hint}
            checked={kind === value}
            data-testid={`new-client-${value}`}
            onChange={() => setKind(value)}
          />
        ))}
      </fieldset>
      <Field
        type="text"
        label="Name"
        data-field="client_name"
        data-testid="new-client-name"
        autoComplete="off"
        autoCapitalize="words"
        maxLength={100}
        invalid={wrong === "client_name"}
      />
      {hasPeople(kind) && <ForPeople submit={submit} kind={kind} />}
      <Fold
        title="More settings"
        open={["scope", "required_scope", "client_uri", "post_logout"].some((name) => wrong.startsWith(name))}
        testId="new-client-more"
      >
        <Field
          type="text"
          label="Scopes that it may ask for"
          data-field="scope"
          data-testid="new-client-scope"
          autoComplete="off"
          placeholder={hasPeople(kind) ? "openid profile email …" : ""}
          invalid={wrong === "scope"}
        />
        <p className="hint below">
          {hasPeople(kind)
            ? "With blanks between. Left blank, the standard ones; roles such as member have to be named."
            : "With blanks between. Left blank, none."}
        </p>
        {hasPeople(kind) && <MoreForPeople wrong={wrong} />}
      </Fold>
      <Slot id="new-client-slot" testId="new-client-error" problem={submit.problem} />
      <SubmitButton submit={submit} testId="new-client-submit" label="Add it" busyLabel="Adding…" />
    </form>
  );
}

function ForPeople({ submit, kind }: { submit: Submit; kind: Kind }) {
  return (
    <>
      <LinesField
        label="Redirect addresses"
        hint={
          kind === "native"
            ? "One a line: http://127.0.0.1/…, or a scheme of its own such as org.example.app:/back"
            : "One a line, beginning with https://. They are compared letter for letter."
        }
        data-field="redirect_uris"
        data-testid="new-client-redirect-uris"
        invalid={submit.problem?.field?.startsWith("redirect_uris") ?? false}
      />
      <Check
        label="It is one of our own"
        hint="People are not asked whether it may know who they are."
        data-field="first_party"
        data-testid="new-client-first-party"
      />
    </>
  );
}

function MoreForPeople({ wrong }: { wrong: string }) {
  return (
    <>
      <LinesField
        label="Addresses after signing out"
        hint="One a line."
        data-field="post_logout_redirect_uris"
        data-testid="new-client-post-logout-uris"
        invalid={wrong.startsWith("post_logout")}
      />
      <Field
        type="text"
        inputMode="url"
        label="Home page"
        data-field="client_uri"
        data-testid="new-client-uri"
        autoComplete="off"
        invalid={wrong === "client_uri"}
      />
      <Field
        type="text"
        label="Only for people who hold this scope"
        data-field="required_scope"
        data-testid="new-client-required-scope"
        autoComplete="off"
        invalid={wrong === "required_scope"}
      />
      <Algorithm />
    </>
  );
}

/** Certified libraries of some age know no Ed25519 keys. */
function Algorithm() {
  const [algorithm, setAlgorithm] = useState("EdDSA");
  const group = useId();
  return (
    <fieldset className="choices in-a-row">
      <legend>ID tokens are signed with</legend>
      {["EdDSA", "ES256", "RS256"].map((name) => (
        <Check
          key={name}
          type="radio"
          name={group}
          label={name}
          checked={algorithm === name}
          data-testid={`new-client-alg-${name}`}
          onChange={() => setAlgorithm(name)}
        />
      ))}
      <input type="hidden" data-field="id_token_signed_response_alg" value={algorithm} />
      <p className="hint">RS256 is what every library knows.</p>
    </fieldset>
  );
}

function Added({ client }: { client: Client }) {
  const secret = client.client_secret;
  return (
    <AdminFrame key="added" title={`${client.client_name} is added`} section="clients">
      <div className="prose" data-testid="new-client-added">
        <Copyable label="Client id" text={client.client_id} testId="new-client-id" />
        {secret !== undefined && (
          <>
            <Copyable label="Client secret" text={secret} testId="new-client-secret" />
            <p>
              <strong>This is the only time that the secret is shown.</strong> The server keeps a hash of it,
              so nobody can look it up later. Put it where the application reads it, and nowhere else.
            </p>
          </>
        )}
        <p>
          The application finds everything else under{" "}
          <code className="address">{`${window.location.origin}/.well-known/openid-configuration`}</code>.
        </p>
      </div>
      <div className="actions">
        <Link className="button" href={pathOf("clients")} data-testid="new-client-done">
          {secret === undefined ? "To the applications" : "I have kept the secret"}
        </Link>
      </div>
    </AdminFrame>
  );
}
