/** The applications that people sign in to. */

import { Link } from "../navigation";
import { type Client, readClients } from "./api";
import { AdminFrame } from "./frame";
import { PagedList } from "./paged-list";
import { pathOf } from "./paths";
import { Refused } from "./refused";
import { usePages } from "./use-pages";
import { kindOf } from "./words";

export function Clients() {
  const pages = usePages(readClients);

  if (pages.entries === null && pages.problem !== null) {
    return <Refused problem={pages.problem} onRetry={pages.again} />;
  }
  return (
    <AdminFrame
      title="Applications"
      section="clients"
      action={{ view: "new-client", label: "Add an application" }}
      lead="Where people sign in with their account here."
      pending={pages.entries === null}
    >
      <PagedList
        pages={pages}
        testId="clients"
        label="Applications"
        idOf={(client) => client.client_id}
        empty={<p>No application is registered yet.</p>}
        row={(client) => <Row client={client} />}
      />
    </AdminFrame>
  );
}

function Row({ client }: { client: Client }) {
  return (
    <Link className="row-link" href={pathOf("client", client.client_id)} data-testid="client">
      <span className="row-main">
        <strong className="address">{client.client_name}</strong>
        {client.client_name !== client.client_id && <code className="address">{client.client_id}</code>}
      </span>
      <span className="chips">
        <span className="chip">{kindOf(client)}</span>
        {client.first_party && <span className="chip strong">first party</span>}
      </span>
    </Link>
  );
}
