/** A first look at an e-mail address, to catch slips. What is an address, the server decides. */

/** What to say about `email`, or `null` where it may be sent. */
export function emailSlip(email: string): string | null {
  const trimmed = email.trim();
  if (trimmed === "") return "Please enter your e-mail address.";
  return /^[^\s@<>,;]+@[^\s@<>,;]+$/.test(trimmed)
    ? null
    : "That is not an e-mail address. It needs the form name@example.org.";
}
