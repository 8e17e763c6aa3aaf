/** A value of JSON, to be read; moments are explained. */

const MOMENTS = new Set(["exp", "iat", "nbf", "auth_time", "updated_at"]);

/** One object, a line for each member. The block can be scrolled by keyboard. */
export function Json({ label, value }: { label: string; value: Record<string, unknown> }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for controls
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <pre className="json" role="group" aria-label={label} tabIndex={0}>
      {Object.entries(value).map(([name, member]) => (
        <span className="line" key={name}>
          <span className="name">{name}</span> {JSON.stringify(member)}
          {MOMENTS.has(name) && typeof member === "number" && (
            <span className="moment"> {new Date(member * 1000).toLocaleString()}</span>
          )}
        </span>
      ))}
    </pre>
  );
}
