/** Finding the links in a plain text. */

/** A stretch of a text: words, or a link. */
export interface Stretch {
  text: string;
  link: boolean;
}

const LINK = /https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]]/g;

/** `text` cut into stretches; put together they are the text again. */
export function linkify(text: string): Stretch[] {
  const stretches: Stretch[] = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    if (match.index > end) stretches.push({ text: text.slice(end, match.index), link: false });
    stretches.push({ text: match[0], link: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) stretches.push({ text: text.slice(end), link: false });
  return stretches;
}
