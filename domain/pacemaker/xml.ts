import { MagnumHaError } from '../errors';

/**
 * A reader of the XML that Pacemaker's programs print. It is our own because fast-xml-parser took a cut-off text for a
 * whole one, mixed attributes with children of the same name, and needed 0.8 s for 0.9 MB of distinct names; this one is
 * strict, and its time and memory are bounded. Document types and entities of one's own are refused: Pacemaker prints none.
 */

/** Characters. The largest CIB in Pacemaker's own tests has 0.9 million. */
const LONGEST = 2_500_000;
/** Elements in each other. Pacemaker's own documents have less than 20. */
const DEEPEST = 64;
/** Elements, attributes and entities together. */
const MOST_PARTS = 150_000;

/** The text is not XML of the kind that Pacemaker prints, or there is too much of it. */
export class XmlRefused extends MagnumHaError {
  override readonly name = 'XmlRefused';
}

/** An element of XML. Its text is left out: Pacemaker says nothing in it that we need. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
}

/**
 * The document's root.
 *
 * @throws XmlRefused
 */
export function parseXml(text: string): Element {
  if (text.length > LONGEST) throw new XmlRefused(`It is longer than ${LONGEST} characters`);
  if (NO_CHARACTERS.test(text)) throw new XmlRefused('It holds bytes that are not UTF-8, or control characters');
  const document: Mutable = { name: '', attributes: {}, children: [] };
  const open = [document];
  let at = 0;
  let parts = 0;
  const refuse = (what: string): never => {
    throw new XmlRefused(`At character ${at + 1} ${what}`);
  };
  const count = () => {
    if (++parts > MOST_PARTS) refuse(`it has more than ${MOST_PARTS} elements, attributes and entities`);
  };
  const after = (end: string): number => {
    const found = text.indexOf(end, at);
    return found < 0 ? refuse('it ends too early') : found + end.length;
  };
  /** What matches here. The position moves past it. */
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    const inside = open.length > 1;
    const next = text.indexOf('<', at);
    if (!inside && text.slice(at, next < 0 ? undefined : next).trim() !== '') refuse('there is text outside the root');
    if (next < 0) break;
    at = next;
    const parent = open[open.length - 1] ?? document;
    if (text.startsWith('<?', at)) at = after('?>');
    else if (text.startsWith('<!--', at)) at = after('-->');
    else if (text.startsWith('<![CDATA[', at) && inside) at = after(']]>');
    else if (text.startsWith('<!', at)) refuse('it declares a document type or an entity');
    else if (text.startsWith('</', at)) {
      const end = take(END);
      if (end?.[1] !== parent.name || !inside) refuse('an end tag does not match');
      open.pop();
    } else {
      const name = take(START)?.[1] ?? refuse('there is no tag');
      if (!inside && document.children.length > 0) refuse('there is a second root');
      if (open.length > DEEPEST) refuse(`it is nested more than ${DEEPEST} deep`);
      count();
      const attributes = Object.create(null) as Record<string, string>;
      for (;;) {
        const [, attribute, double, single] = take(ATTRIBUTE) ?? [];
        if (attribute === undefined) break;
        count();
        if (attribute in attributes) refuse(`there is a second ${attribute}`);
        attributes[attribute] = decoded(double ?? single ?? '', count, refuse);
      }
      const element: Mutable = { name, attributes, children: [] };
      parent.children.push(element);
      const close = take(CLOSE) ?? refuse(`the tag ${name} is broken or cut off`);
      if (close[1] === '') open.push(element);
    }
  }
  if (open.length > 1) refuse('it ends too early');
  return document.children[0] ?? refuse('there is no element');
}

interface Mutable extends Element {
  readonly children: Element[];
}

/** U+FFFD is what became of bytes that are not UTF-8. */
// eslint-disable-next-line no-control-regex
const NO_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffd-\uffff]/u;
const START = /<([A-Za-z_][\w.:-]*)/y;
const END = /<\/([A-Za-z_][\w.:-]*)\s*>/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const CLOSE = /\s*(\/?)>/y;
const ENTITY = /&(?:(lt|gt|amp|quot|apos)|#([0-9]{1,7})|#x([0-9a-fA-F]{1,6}));/y;
const PREDEFINED: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function decoded(value: string, count: () => void, refuse: (what: string) => never): string {
  let from = 0;
  let result = '';
  for (;;) {
    const ampersand = value.indexOf('&', from);
    if (ampersand < 0) return result + value.slice(from);
    count();
    ENTITY.lastIndex = ampersand;
    const [entity = '', name = '', decimal, hexadecimal] = ENTITY.exec(value) ?? [];
    const code = decimal ? Number(decimal) : Number.parseInt(hexadecimal ?? '', 16);
    const character = PREDEFINED[name] ?? (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);
    result +=
      value.slice(from, ampersand) +
      (character && !NO_CHARACTERS.test(character) ? character : refuse('there is an unknown entity'));
    from = ampersand + entity.length;
  }
}

/** An element's first child of this name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return element?.children.find((one) => one.name === name);
}

/** An element's children of these names, in their order. */
export function all(element: Element | undefined, ...names: readonly string[]): Element[] {
  return element?.children.filter((one) => names.includes(one.name)) ?? [];
}
