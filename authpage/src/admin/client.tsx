/** One application: what it is, where it may send people, and its end. */

import { type FormEvent, useCallback, useState } from "react";
import { Check } from "../forms/check";
import { Field } from "../forms/field";
import { LinesField } from "../forms/lines-field";
import { SubmitButton } from "../forms/submit-button";
import { useSubmit } from "../forms/use-submit";
import { textIn, valuesOf } from "../forms/values";
import { Link, navigate, query } from "../navigation";
import { Question } from "../ui/question";
import { Slot } from "../ui/slot";
import { Stopped } from "../ui/stopped";
import { useLoad } from "../use-load";
import { type Client, readClient, removeClient, replaceClient } from "./api";
import { type Change, linesOf, replacement } from "./client-metadata";
import { AdminFrame } from "./frame";
import { pathOf } from "./paths";
import { Refused } from "./refused";
import { kindOf } from "./words";

export function ClientPage() {
  const id = query("id") ?? "";
  const [load, retry] = useLoad(useCallback(() => readClient(id), [id]));
  const [changed, setChanged] = useState<Client | null>(null);
  const [done, setDone] = useState<string | null>(null);

  if (load.state === "failed") {
    if (load.problem.kind === "not-found") return <None />;
    return <Refused problem={load.problem} onRetry={retry} />;
  }
  const client = changed ?? (load.state === "ready" ? load.value : null);
  return (
    <AdminFrame
      title={client?.client_name ?? "Application"}
      section="clients"
      pending={client === null}
      done={done}
    >
      {client !== null && (
        <>
          <Facts client={client} />
          <Edit
            client={client}
            onChange={(after) => {
              setChanged(after);
              setDone("Saved. It holds from now on.");
            }}
          />
          <Remove client={client} />
        </>
      )}
    </AdminFrame>
  );
}

function None() {
  return (
    <Stopped
      title="There is no such application"
      actions={
        <Link className="button" href={pathOf("clients")}>
          To the list of applications
        </Link>
      }
    >
      <p>It may have been removed meanwhile.</p>
    </Stopped>
  );
}

const PROOFS: Readonly<Record<string, string>> = {
  none: "Nothing: it keeps no secret",
  client_secret_basic: "A secret",
  client_secret_post: "A secret, in the body",
  private_key_jwt: "A key of its own",
};

function Facts({ client }: { client: Client }) {
  const proof = client.token_endpoint_auth_method;
  const facts: [string, string | undefined][] = [
    ["Kind", kindOf(client)],
    ["Proves itself by", PROOFS[proof] ?? proof],
    ["ID tokens are signed with", client.id_token_signed_response_alg],
  ];
  return (
    <dl className="facts in-columns">
      <div>
        <dt>Client id</dt>
        <dd>
          <code data-testid="client-id">{client.client_id}</code>
        </dd>
      </div>
      {facts.map(
        ([name, value]) =>
          value !== undefined &&
          value !== "" && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

function Edit({ client, onChange }: { client: Client; onChange: (after: Client) => void }) {
  const submit = useSubmit();
  const wrong = submit.problem?.field ?? "";
  const forPeople = client.redirect_uris.length > 0 || client.grant_types.includes("authorization_code");

  function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const values = valuesOf(event.currentTarget);
    const change: Change = {
      client_name: textIn(values, "client_name"),
      scope: textIn(values, "scope"),
    };
    if (forPeople) {
      change.redirect_uris = linesOf(textIn(values, "redirect_uris"));
      change.post_logout_redirect_uris = linesOf(textIn(values, "post_logout_redirect_uris"));
      change.required_scope = textIn(values, "required_scope") || undefined;
      change.first_party = values.first_party === true;
    }
    submit.run(async () => {
      onChange(await replaceClient(client.client_id, replacement(client, change)));
      return "stays";
    });
  }

  return (
    <section className="part">
      <h2>Change it</h2>
      <form method="post" noValidate onSubmit={send}>
        <Field
          type="text"
          label="Name"
          data-field="client_name"
          data-testid="client-name"
          defaultValue={client.client_name}
          autoComplete="off"
          maxLength={100}
          invalid={wrong === "client_name"}
        />
        {forPeople && (
          <>
            <LinesField
              label="Redirect addresses"
              hint="One a line. The address of a sign-in has to be one of them, letter for letter."
              data-field="redirect_uris"
              data-testid="client-redirect-uris"
              defaultValue={client.redirect_uris.join("\n")}
              invalid={wrong.startsWith("redirect_uris")}
            />
            <LinesField
              label="Addresses after signing out"
              data-field="post_logout_redirect_uris"
              data-testid="client-post-logout-uris"
              defaultValue={client.post_logout_redirect_uris.join("\n")}
              invalid={wrong.startsWith("post_logout_redirect_uris")}
            />
          </>
        )}
        <Field
          type="text"
          label="Scopes that it may ask for"
          data-field="scope"
          data-testid="client-scope"
          defaultValue={client.scope}
          autoComplete="off"
          invalid={wrong === "scope"}
        />
        {forPeople && (
          <>
            <Field
              type="text"
              label="Only for people who hold this scope"
              data-field="required_scope"
              data-testid="client-required-scope"
              defaultValue={client.required_scope ?? ""}
              autoComplete="off"
              invalid={wrong === "required_scope"}
            />
            <Check
              label="It is one of our own"
              hint="People are not asked whether it may know who they are."
              data-field="first_party"
              data-testid="client-first-party"
              defaultChecked={client.first_party}
            />
          </>
        )}
        <Slot id="client-slot" testId="client-error" problem={submit.problem}>
          It keeps its secret and what people have allowed it.
        </Slot>
        <SubmitButton quiet submit={submit} testId="client-submit" label="Save" busyLabel="Saving…" />
      </form>
    </section>
  );
}

function Remove({ client }: { client: Client }) {
  const [asks, setAsks] = useState(false);
  return (
    <section className="part">
      <h2>Remove it</h2>
      <p className="hint">People can then no longer sign in to it, and its tokens end.</p>
      <button
        className="button small quiet bad"
        type="button"
        data-testid="client-remove"
        onClick={() => setAsks(true)}
      >
        Remove this application
      </button>
      {asks && (
        <Question
          title={`Remove ${client.client_name}?`}
          testId="remove"
          label="Remove"
          busyLabel="Removing…"
          act={() => removeClient(client.client_id)}
          onDone={() => navigate(pathOf("clients"), { replace: true })}
          onClose={() => setAsks(false)}
        >
          <p>
            All that it was granted goes with it, and so does its secret. It cannot be undone: an application
            that is added again has to be set up anew.
          </p>
        </Question>
      )}
    </section>
  );
}
