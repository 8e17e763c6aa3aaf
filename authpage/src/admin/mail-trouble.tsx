/** What is wrong with somebody's address. */

/** Why mails do not arrive: `reason` is what the other server answered. */
export function MailTrouble({ reason }: { reason: string }) {
  return (
    <p className="trouble" data-testid="mail-trouble">
      <strong>Mail to this address was refused</strong> ({reason}). It may be mistyped, or not exist any more.
    </p>
  );
}
