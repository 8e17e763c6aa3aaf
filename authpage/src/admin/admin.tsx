/** The administration page: which part of it is shown. Each has a file of its own. */

import type { ComponentType } from "react";
import { query } from "../navigation";
import { Applicants } from "./applicants";
import { ClientPage } from "./client";
import { Clients } from "./clients";
import { Invite } from "./invite";
import { NewClient } from "./new-client";
import { type View, viewOf } from "./paths";
import { People } from "./people";
import { PersonPage } from "./person";

const PARTS: Record<View, ComponentType> = {
  applicants: Applicants,
  invite: Invite,
  people: People,
  person: PersonPage,
  clients: Clients,
  client: ClientPage,
  "new-client": NewClient,
};

export function Administration() {
  const Part = PARTS[viewOf(query("view"))];
  return <Part />;
}
