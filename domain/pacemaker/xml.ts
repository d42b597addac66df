import { XMLParser } from 'fast-xml-parser';

/** An element of XML: its attributes are texts, its children elements. */
export type Element = Readonly<Record<string, unknown>>;

// Attributes stay text ("true", "3"): what is a number to an XML parser may be a node's name.
const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false });

/** The document, as the parent of its root; undefined where the text is no XML. */
export function parseXml(text: string): Element | undefined {
  try {
    return parser.parse(text) as Element;
  } catch {
    return undefined;
  }
}

/** An element's first child of this name. */
export function child(element: Element | undefined, name: string): Element | undefined {
  return all(element, name)[0];
}

/** An element's children of this name. */
export function all(element: Element | undefined, name: string): Element[] {
  const value = element?.[name];
  // An element without attributes and content is an empty text to the parser.
  return (Array.isArray(value) ? value : value === undefined ? [] : [value]).filter(
    (one) => typeof one === 'object',
  ) as Element[];
}
