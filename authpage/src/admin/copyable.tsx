/** A text to be taken elsewhere: it can be selected by a click, and copied by a button. */

import { useEffect, useState } from "react";

interface CopyableProps {
  label: string;
  text: string;
  testId: string;
}

export function Copyable({ label, text, testId }: CopyableProps) {
  const [said, setSaid] = useState<"copied" | "refused" | null>(null);

  useEffect(() => {
    if (said === null) return;
    const timer = setTimeout(() => setSaid(null), 4000);
    return () => clearTimeout(timer);
  }, [said]);

  function copy() {
    // Only pages of an https or loopback origin have a clipboard, and people can forbid it.
    const copying = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
    copying.then(
      () => setSaid("copied"),
      () => setSaid("refused"),
    );
  }

  return (
    <div className="copyable">
      <span className="copyable-label">{label}</span>
      <code className="copyable-text" data-testid={testId}>
        {text}
      </code>
      <button className="button small quiet" type="button" data-testid={`${testId}-copy`} onClick={copy}>
        {said === "copied" ? "Copied" : "Copy"}
        <span className="visually-hidden"> {label}</span>
      </button>
      <span className="visually-hidden" role="status">
        {said === "copied" ? `${label} copied` : said === "refused" ? "Not copied: please select it" : ""}
      </span>
    </div>
  );
}
