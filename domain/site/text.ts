import { messageOf } from '../errors';

/** The text of a site document as data, or what is wrong with its form. */
export function readText(text: string): { readonly document?: unknown; readonly problem?: string } {
  try {
    return { document: JSON.parse(text) };
  } catch (error) {
    // Only the place is told: the rest of the parser's message may quote the text, and with it a secret that stands there by
    // mistake. The place is at the message's very end; a quoted text could name one, too, but not there.
    const place = / at position \d+( \(line \d+ column \d+\))?$| end of JSON input$/.exec(messageOf(error))?.[0] ?? '';
    const at = place && `: error${place.replace(/^ end/, ' at the end')}`;
    return { problem: `is not JSON${at}. To see where: python3 -m json.tool FILE` };
  }
}
