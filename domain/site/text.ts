import { messageOf } from '../errors';

/** The text of a site document as data, or what is wrong with its form. */
export function readText(text: string): { readonly document?: unknown; readonly problem?: string } {
  try {
    return { document: JSON.parse(text) };
  } catch (error) {
    // Only the place: the parser's whole message quotes the text, which may hold a secret by mistake.
    // Where it quotes, it tells no place, and nothing but the place stands at its end.
    const place = / at position \d+( \(line \d+ column \d+\))?$| end of JSON input$/.exec(messageOf(error))?.[0] ?? '';
    const at = place && `: error${place.replace(/^ end/, ' at the end')}`;
    return { problem: `is not JSON${at}. To see where: python3 -m json.tool FILE` };
  }
}
