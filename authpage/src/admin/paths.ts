/** Addresses of the administration page's parts. What they show stands in the query; a search does not, for it has names. */

/** The parts, by the `view` in the query. */
export type View = "applicants" | "invite" | "people" | "person" | "clients" | "client" | "new-client";

const VIEWS: readonly View[] = [
  "applicants",
  "invite",
  "people",
  "person",
  "clients",
  "client",
  "new-client",
];

/** The part that `view` names: the first one where it names none. */
export function viewOf(view: string | null): View {
  return VIEWS.find((known) => known === view) ?? "applicants";
}

/** The address of a part, of the person or application `id`. */
export function pathOf(view: View, id?: string): string {
  if (view === "applicants") return "/admin/";
  return id === undefined ? `/admin/?view=${view}` : `/admin/?view=${view}&id=${encodeURIComponent(id)}`;
}
