/** What a form's fields hold. Inputs carry no `name`: those that are sent have the server's name in `data-field`. */

/** Texts by the names that the server gives them, and `true` for what is ticked. */
export type Values = Record<string, string | true>;

/** What stands in the fields inside `form`; blank and unticked ones are left out. */
export function valuesOf(form: HTMLElement): Values {
  const values: Values = {};
  const fields = form.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("[data-field]");
  for (const field of fields) {
    const name = field.dataset.field ?? "";
    const ticked = field instanceof HTMLInputElement && field.type === "checkbox";
    const value = ticked ? field.checked : field.value.trim();
    if (value !== "" && value !== false) values[name] = value;
  }
  return values;
}

/** The text under `name`, for a field that is shown again. */
export function textIn(values: Values, name: string): string {
  const value = values[name];
  return typeof value === "string" ? value : "";
}
