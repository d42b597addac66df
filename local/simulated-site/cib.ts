import { XMLParser } from 'fast-xml-parser';
import type { Agent, Generation } from './generations';

/** An element of the CIB. */
export interface Element {
  readonly name: string;
  attributes: Record<string, string>;
  children: Element[];
}

/** A call of cibadmin that fails, with what it says. */
export class CibError extends Error {
  override readonly name = 'CibError';

  constructor(
    message: string,
    /** Pacemaker's exit code. */
    readonly exit: number,
    /** What is printed besides. */
    readonly output = '',
  ) {
    super(message);
  }
}

const NO_SUCH = () => new CibError('No such device or address', 105);

/** Names of the resources. */
export const VIRTUAL_IP = 'vip__management';

/** Interval of HAProxy's monitor operation, in milliseconds. */
export const MONITOR_MS = 30_000;
/** After so many failures of HAProxy on a node pacemaker gives up there. */
export const MIGRATION_THRESHOLD = 3;

/** The configuration: HAProxy as a clone, the VIP colocated with it. */
export function initialConfiguration(
  { haproxyAgent, virtualIpAgent, cloneOf }: Pick<Generation, 'haproxyAgent' | 'virtualIpAgent' | 'cloneOf'>,
  resource: string,
  nodes: readonly string[],
): Element {
  const clone = cloneOf(resource);
  return element('configuration', {}, [
    element('crm_config', {}, [
      element('cluster_property_set', { id: 'cib-bootstrap-options' }, [
        nvpair('cib-bootstrap-options', 'stonith-enabled', 'false'),
      ]),
    ]),
    element(
      'nodes',
      {},
      nodes.map((uname, index) => element('node', { id: String(index + 1), uname })),
    ),
    element('resources', {}, [
      element('primitive', agentOf(VIRTUAL_IP, virtualIpAgent), parametersOf(VIRTUAL_IP, virtualIpAgent)),
      element('clone', { id: clone }, [
        element('primitive', agentOf(resource, haproxyAgent), [
          ...parametersOf(resource, haproxyAgent),
          element('meta_attributes', { id: `${resource}-meta_attributes` }, [
            nvpair(`${resource}-meta_attributes`, 'failure-timeout', '120'),
            nvpair(`${resource}-meta_attributes`, 'migration-threshold', String(MIGRATION_THRESHOLD)),
          ]),
        ]),
        element('meta_attributes', { id: `${clone}-meta_attributes` }, [
          nvpair(`${clone}-meta_attributes`, 'interleave', 'true'),
        ]),
      ]),
    ]),
    element('constraints', {}, [
      element('rsc_colocation', {
        rsc: VIRTUAL_IP,
        'with-rsc': clone,
        score: 'INFINITY',
        id: `colocation-${VIRTUAL_IP}-${clone}-INFINITY`,
      }),
    ]),
  ]);
}

function agentOf(id: string, { class: standard, provider, type }: Agent): Record<string, string> {
  return { id, class: standard, ...(provider === undefined ? {} : { provider }), type };
}

function parametersOf(id: string, { parameters = {} }: Agent): Element[] {
  const set = `${id}-instance_attributes`;
  const pairs = Object.entries(parameters).map(([name, value]) => nvpair(set, name, value));
  return pairs.length === 0 ? [] : [element('instance_attributes', { id: set }, pairs)];
}

export function element(name: string, attributes: Record<string, string>, children: Element[] = []): Element {
  return { name, attributes, children };
}

/** An option with an ID as pcs makes it. */
export function nvpair(set: string, name: string, value: string): Element {
  return element('nvpair', { id: `${set}-${name}`, name, value });
}

/** The CIB: a configuration, and how often it was changed. Of two that meet, the one that was changed more often wins. */
export class Cib {
  constructor(
    private configuration: Element,
    private changes = 1,
  ) {}

  get epoch(): number {
    return this.changes;
  }

  get root(): Element {
    return this.configuration;
  }

  copy(): Cib {
    return new Cib(structuredClone(this.configuration), this.changes);
  }

  /** An element of the configuration by its kind and ID, wherever it stands. */
  find(name: string, id: string): Element | undefined {
    return descendants(this.configuration).find((one) => one.name === name && one.attributes['id'] === id);
  }

  /**
   * Changes the configuration, unless what comes of it breaks the schema.
   *
   * @param change changes a copy
   * @returns whether it is another one now
   * @throws CibError
   */
  change(change: (configuration: Element) => void): boolean {
    const changed = structuredClone(this.configuration);
    change(changed);
    if (print(changed) === print(this.configuration)) return false;
    if (!isValid(changed)) {
      const refused = print(element('cib', {}, [changed]));
      throw new CibError('Update does not conform to the configured schema', 78, refused);
    }
    this.configuration = changed;
    this.changes++;
    return true;
  }
}

/** `cibadmin -C`. @throws CibError */
export function create(section: Element, given: Element): void {
  if (matching(section, given)) {
    const { id = '' } = given.attributes;
    const failed = element('failed', {}, [
      element('failed_update', { id, object_type: given.name, operation: 'cib_create', reason: 'File exists' }, [
        given,
      ]),
    ]);
    throw new CibError('File exists', 108, print(failed));
  }
  section.children.push(given);
}

/** `cibadmin -M`; with `-c` what is not there is made. @throws CibError */
export function modify(section: Element, given: Element, allowCreate: boolean): void {
  const found = matching(section, given);
  if (found) merge(found, given);
  else if (allowCreate) section.children.push(given);
  else throw NO_SUCH();
}

/** `cibadmin -R`. @throws CibError */
export function replace(section: Element, given: Element): void {
  const found = matching(section, given);
  if (!found) throw NO_SUCH();
  Object.assign(found, given);
}

/** `cibadmin -D`: nothing if there is no such element, or one with other attributes. */
export function remove(section: Element, given: Element): void {
  const found = matching(section, given);
  if (!found) return;
  const agrees = Object.entries(given.attributes).every(([name, value]) => found.attributes[name] === value);
  if (agrees) removeElement(section, found);
}

export function removeElement(from: Element, unwanted: Element): void {
  for (const one of [from, ...descendants(from)]) one.children = one.children.filter((child) => child !== unwanted);
}

/** The elements that an XPath of the form `//NAME[@id='ID']` means. */
export function byXPath(root: Element, xpath: string): Element[] | undefined {
  const [, name, id] = /^\/\/(\w+|\*)\[@id=['"]([^'"]+)['"]\]$/.exec(xpath) ?? [];
  if (name === undefined) return undefined;
  return descendants(root).filter((one) => [one.name, '*'].includes(name) && one.attributes['id'] === id);
}

/** Sets an option in the first set of an element's meta attributes, as pcs does; an empty value takes it away. */
export function setMeta(resource: Element, name: string, value: string): void {
  setOption(resource, 'meta_attributes', `${resource.attributes['id'] ?? ''}-meta_attributes`, name, value);
}

/** The same with a set of any kind, which is made if there is none. */
export function setOption(parent: Element, kind: string, id: string, name: string, value: string): void {
  let set = childrenOf(parent, kind)[0];
  if (!set) {
    if (value === '') return;
    set = element(kind, { id });
    parent.children.unshift(set);
  }
  const option = set.children.find((one) => one.attributes['name'] === name);
  if (value === '') set.children = set.children.filter((one) => one !== option);
  else if (option) option.attributes['value'] = value;
  else set.children.push(nvpair(set.attributes['id'] ?? id, name, value));
}

export function childrenOf({ children }: Element, name: string): Element[] {
  return children.filter((one) => one.name === name);
}

/** All elements within one, in order. */
export function descendants({ children }: Element, into: Element[] = []): Element[] {
  for (const child of children) {
    into.push(child);
    descendants(child, into);
  }
  return into;
}

/** As cibadmin prints it. */
export function print({ name, attributes, children }: Element, indent = ''): string {
  let text = `${indent}<${name}`;
  for (const attribute in attributes) text += ` ${attribute}="${escape(attributes[attribute] ?? '')}"`;
  if (children.length === 0) return `${text}/>\n`;
  text += '>\n';
  for (const child of children) text += print(child, `${indent}  `);
  return `${text}${indent}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(value: string): string {
  return /[&<>"]/.test(value) ? value.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character) : value;
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseAttributeValue: false,
  parseTagValue: false,
});

/** Reads one element. @returns undefined if there is none */
export function parse(xml: string): Element | undefined {
  try {
    return elementsOf(parser.parse(xml) as Parsed[])[0];
  } catch {
    return undefined;
  }
}

type Parsed = Readonly<Record<string, unknown>>;

function elementsOf(parsed: readonly Parsed[]): Element[] {
  return parsed.flatMap((one) => {
    const name = Object.keys(one).find((key) => key !== ':@' && key !== '#text' && !key.startsWith('?'));
    if (name === undefined) return [];
    return [element(name, { ...(one[':@'] as Record<string, string> | undefined) }, elementsOf(one[name] as Parsed[]))];
  });
}

function matching(section: Element, { name, attributes: { id } }: Element): Element | undefined {
  return descendants(section).find((one) => one.name === name && one.attributes['id'] === id);
}

function merge(into: Element, given: Element): void {
  Object.assign(into.attributes, given.attributes);
  for (const child of given.children) {
    const id = child.attributes['id'];
    const known = into.children.find((one) => one.name === child.name && one.attributes['id'] === id);
    if (known) merge(known, child);
    else into.children.push(child);
  }
}

/** Of pacemaker's schema what is used here: each element's mandatory attributes, and what may stand in it. */
const SCHEMA: Readonly<
  Record<string, { readonly attributes?: readonly string[]; readonly children?: readonly string[] }>
> = {
  configuration: { children: ['crm_config', 'nodes', 'resources', 'constraints'] },
  crm_config: { children: ['cluster_property_set'] },
  cluster_property_set: { attributes: ['id'], children: ['rule', 'nvpair'] },
  nodes: { children: ['node'] },
  node: { attributes: ['id', 'uname'] },
  resources: { children: ['primitive', 'clone'] },
  primitive: {
    attributes: ['id', 'class', 'type'],
    children: ['meta_attributes', 'instance_attributes', 'operations'],
  },
  clone: { attributes: ['id'], children: ['meta_attributes', 'instance_attributes', 'primitive'] },
  meta_attributes: { attributes: ['id'], children: ['rule', 'nvpair'] },
  instance_attributes: { attributes: ['id'], children: ['rule', 'nvpair'] },
  operations: { children: ['op'] },
  op: { attributes: ['id', 'name', 'interval'] },
  nvpair: { attributes: ['id', 'name', 'value'] },
  constraints: { children: ['rsc_colocation', 'rsc_location', 'rsc_order'] },
  rsc_colocation: { attributes: ['id', 'rsc', 'with-rsc'] },
  rsc_order: { attributes: ['id'] },
  rsc_location: { attributes: ['id', 'rsc'], children: ['rule'] },
  rule: { attributes: ['id', 'score'], children: ['rule', 'expression', 'date_expression'] },
  expression: { attributes: ['id', 'attribute', 'operation'] },
  date_expression: { attributes: ['id', 'operation'], children: ['duration', 'date_spec'] },
};

function isValid(root: Element): boolean {
  const all = [root, ...descendants(root)];
  const resources = all.filter(({ name }) => name === 'primitive' || name === 'clone');
  const ids = all.flatMap(({ attributes: { id }, name }) => (id === undefined || name === 'node' ? [] : [id]));
  return (
    new Set(ids).size === ids.length &&
    all.every(({ name, attributes, children }) => {
      const known = SCHEMA[name];
      return (
        known !== undefined &&
        (known.attributes ?? []).every((one) => attributes[one] !== undefined) &&
        children.every((child) => known.children?.includes(child.name) === true)
      );
    }) &&
    all
      .filter(({ name }) => name.startsWith('rsc_'))
      .flatMap(({ attributes }) => [attributes['rsc'], attributes['with-rsc']])
      .every((id) => id === undefined || resources.some(({ attributes }) => attributes['id'] === id)) &&
    all
      .filter(({ name }) => name === 'rsc_location')
      .every(({ attributes, children }) => children.length > 0 !== 'node' in attributes)
  );
}
