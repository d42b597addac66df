import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { messageOf } from '../errors';

/** The text of a site document as data, with the line of each value; or what is wrong with its form. */
export interface DocumentText {
  readonly document?: unknown;
  readonly problem?: string;
  /** The line, from 1, of what is at a path, or of the nearest thing around it; undefined if the text has one line. */
  readonly lineOf?: (path: readonly PropertyKey[]) => number | undefined;
}

/** Reads JSON if the text begins like JSON, otherwise YAML 1.2. No problem quotes the text: it may hold a secret by mistake. */
export function readText(text: string): DocumentText {
  if (/^\s*($|[[{"])/.test(text)) {
    try {
      return { document: JSON.parse(text), lineOf: lines(text) };
    } catch (error) {
      // If the parser quotes the text it gives no place; otherwise the place is at the end of its message.
      const place =
        / at position \d+( \(line \d+ column \d+\))?$| end of JSON input$/.exec(messageOf(error))?.[0] ?? '';
      const at = place && `: error${place.replace(/^ end/, ' at the end')}`;
      return { problem: `is not JSON${at}. To see where: python3 -m json.tool FILE` };
    }
  }
  const counter = new LineCounter();
  const parsed = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const [error] = parsed.errors;
  if (error) {
    const { line, col } = counter.linePos(error.pos[0]);
    return { problem: `is not YAML: ${error.code} at line ${line}, column ${col}` };
  }
  try {
    return { document: parsed.toJS({ maxAliasCount: 20 }), lineOf: lines(text, parsed, counter) };
  } catch {
    return { problem: 'is not YAML that can be read: its aliases lead nowhere, or to too much' };
  }
}

function lines(text: string, parsed?: Document, counter = new LineCounter()): NonNullable<DocumentText['lineOf']> {
  if (!text.trim().includes('\n')) return () => undefined;
  let document = parsed;
  return (path) => {
    document ??= parseDocument(text, { lineCounter: counter });
    for (let length = path.length; length > 0; length--) {
      const found = document.getIn(path.slice(0, length), true);
      const start = isNode(found) ? found.range?.[0] : undefined;
      if (start !== undefined) return counter.linePos(start).line;
    }
    return undefined;
  };
}
