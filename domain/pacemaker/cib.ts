import { DISABLING_SET } from '../commands/disable';
import { holds, inForce, isTrue, resolved, type RuleFacts } from './rules';
import { rootOf } from './status';
import { all, child, type Element } from './xml';

/** A resource as it is configured. */
export interface Resource {
  readonly kind: 'primitive' | 'group' | 'clone' | 'bundle';
  readonly id: string;
  /** Of a primitive, "class:provider:type" or "class:type". */
  readonly agent: string;
  readonly promotable: boolean;
  readonly parent: Resource | undefined;
  readonly children: readonly Resource[];
  /** Its own element, and before it that of its template. */
  readonly elements: readonly Element[];
}

/** A cluster node as it is configured, and what the status section holds of it. */
export interface CibNode {
  readonly name: string;
  /** Its attributes; those that last until its next boot win. Also `#uname`, `#id` and `#kind`. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Names of the attributes that last only until its next boot. */
  readonly transient: ReadonlySet<string>;
}

/** What a constraint may name in place of resources. */
interface StandIn {
  readonly kind: 'tag' | 'template';
  /** IDs of the resources it stands for. */
  readonly ids: readonly string[];
}

/** What `cibadmin -Q` says, as far as HAProxy depends on it. */
export interface Cib {
  /** When it was read, by the controller's clock: in seconds since 1970. */
  readonly now: number;
  readonly quorate: boolean;
  /** The cluster's properties. */
  readonly properties: ReadonlyMap<string, string>;
  readonly nodes: readonly CibNode[];
  /** Every resource by its ID, those inside others too. */
  readonly resources: ReadonlyMap<string, Resource>;
  /** Tags and templates by their IDs. */
  readonly standsFor: ReadonlyMap<string, StandIn>;
  /** Elements of `constraints`, unchanged. */
  readonly constraints: readonly Element[];
  /** The element of `rsc_defaults`. */
  readonly defaults: Element | undefined;
  readonly byId: ReadonlyMap<string, Element>;
}

/**
 * Reads the output of `cibadmin -Q`, of any pacemaker from 1.1.10.
 *
 * @param now the controller's clock, in seconds since 1970: rules depend on it
 * @throws PacemakerUnavailable if the text is no CIB
 */
export function parseCib(xml: string, now: number, where: string): Cib {
  const root = rootOf(xml, ['cib'], `cibadmin on the ${where} printed no CIB`, 'cibadmin -Q');
  const configuration = child(root, 'configuration');
  const byId = new Map<string, Element>();
  index(root, byId);
  const facts: RuleFacts = { now, byId };
  const resources = new Map<string, Resource>();
  const section = child(configuration, 'resources');
  const states = new Map(all(child(root, 'status'), 'node_state').map((one) => [one.attributes['id'], one]));
  for (const element of section?.children ?? []) addResource(element, undefined, byId, resources);
  return {
    now,
    quorate: isTrue(root.attributes['have-quorum']),
    properties: properties(child(configuration, 'crm_config'), facts),
    nodes: all(child(configuration, 'nodes'), 'node').map((node) =>
      nodeOf(node, states.get(node.attributes['id'] ?? ''), facts),
    ),
    resources,
    standsFor: standsFor(section, child(configuration, 'tags'), resources),
    constraints: child(configuration, 'constraints')?.children ?? [],
    defaults: child(configuration, 'rsc_defaults'),
    byId,
  };
}

/** The group, clone or bundle around a resource, the nearest first. */
export function ancestors(resource: Resource): Resource[] {
  return resource.parent ? [resource.parent, ...ancestors(resource.parent)] : [];
}

/** The primitives of a resource, itself if it is one. */
export function primitivesOf(resource: Resource): Resource[] {
  return resource.kind === 'primitive' ? [resource] : resource.children.flatMap(primitivesOf);
}

/** A value, where it is set, and whether only for a time. */
export interface Setting {
  readonly value: string;
  /** ID of the resource or template that has it; undefined if it is a default of all resources. */
  readonly at: string | undefined;
  /** Whether a rule says when it holds, which somebody else has made: our own set is taken away by whoever enables HAProxy. */
  readonly ruled: boolean;
}

/**
 * The meta attribute of an instance of this primitive: its own, else the template's, that of what is around it, or the default
 * of all.
 *
 * @returns undefined if it has none; `unknown` if that depends on a rule that we cannot decide
 */
export function metaAttribute(cib: Cib, resource: Resource, name: string): Setting | 'unknown' | undefined {
  const facts: RuleFacts = { now: cib.now, byId: cib.byId, agent: resource.agent };
  for (const one of [resource, ...ancestors(resource)]) {
    for (const element of one.elements) {
      const found = lookUp(element, name, facts);
      if (found !== undefined) return found === 'unknown' ? found : { ...found, at: element.attributes['id'] };
    }
  }
  const found = lookUp(cib.defaults, name, facts);
  return found === undefined || found === 'unknown' ? found : { ...found, at: undefined };
}

function lookUp(
  parent: Element | undefined,
  name: string,
  facts: RuleFacts,
): Omit<Setting, 'at'> | 'unknown' | undefined {
  for (const set of inForce(parent, 'meta_attributes', facts.byId)) {
    const pair = pairsOf(set, facts.byId).find(([one, value]) => one === name && value !== '#default');
    if (!pair) continue;
    const holding = setHolds(set, facts);
    if (holding === undefined) return 'unknown';
    if (holding) {
      const isOurs = set.attributes['id'] === DISABLING_SET;
      return { value: pair[1], ruled: child(set, 'rule') !== undefined && !isOurs };
    }
  }
  return undefined;
}

function setHolds(set: Element, facts: RuleFacts): boolean | undefined {
  const results = all(set, 'rule').map((rule) => holds(rule, facts));
  if (results.length === 0 || results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

function pairsOf(set: Element, byId: ReadonlyMap<string, Element>): [name: string, value: string][] {
  // Very old CIBs have them inside <attributes>.
  return all(child(set, 'attributes') ?? set, 'nvpair').flatMap((pair) => {
    const { attributes } = resolved(pair, byId);
    const name = pair.attributes['name'] ?? attributes['name'];
    const value = pair.attributes['value'] ?? attributes['value'];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
}

function index(element: Element, byId: Map<string, Element>): void {
  const id = element.attributes['id'];
  // Of an ID that the status section has too, the configuration's comes first.
  if (id !== undefined && !byId.has(id)) byId.set(id, element);
  for (const one of element.children) index(one, byId);
}

function properties(section: Element | undefined, facts: RuleFacts): Map<string, string> {
  const found = new Map<string, string>();
  const sets = inForce(section, 'cluster_property_set', facts.byId);
  const first = ({ attributes }: Element) => (attributes['id'] === 'cib-bootstrap-options' ? 0 : 1);
  for (const set of sets.sort((a, b) => first(a) - first(b))) {
    if (setHolds(set, facts) === false) continue;
    for (const [name, value] of pairsOf(set, facts.byId)) if (!found.has(name)) found.set(name, value);
  }
  return found;
}

function nodeOf({ attributes: node, children }: Element, state: Element | undefined, facts: RuleFacts): CibNode {
  const { id = '', uname = id, type } = node;
  const attributes = new Map([
    ['#uname', uname],
    ['#id', id],
    ['#kind', type === 'remote' ? 'remote' : 'cluster'],
  ]);
  const transient = new Set<string>();
  const take = (parent: Element | undefined, add: (name: string) => void) => {
    const seen = new Set<string>();
    for (const set of inForce(parent, 'instance_attributes', facts.byId)) {
      for (const [name, value] of pairsOf(set, facts.byId)) {
        if (seen.has(name)) continue;
        seen.add(name);
        attributes.set(name, value);
        add(name);
      }
    }
  };
  take({ name: 'node', attributes: node, children }, () => undefined);
  take(child(state, 'transient_attributes'), (name) => transient.add(name));
  return { name: uname, attributes, transient };
}

const KINDS: Readonly<Record<string, Resource['kind']>> = {
  primitive: 'primitive',
  group: 'group',
  clone: 'clone',
  master: 'clone',
  bundle: 'bundle',
};

function addResource(
  element: Element,
  parent: Resource | undefined,
  byId: ReadonlyMap<string, Element>,
  resources: Map<string, Resource>,
): Resource[] {
  const kind = KINDS[element.name];
  const { id, template: templateId } = element.attributes;
  if (!kind || id === undefined) return [];
  const template = byId.get(templateId ?? '');
  const { class: standard, provider, type } = { ...template?.attributes, ...element.attributes };
  const children: Resource[] = [];
  const resource: Resource = {
    kind,
    id,
    agent: [standard, provider, type].filter((part) => part !== undefined).join(':'),
    promotable:
      element.name === 'master' ||
      all(element, 'meta_attributes').some((set) =>
        pairsOf(set, byId).some(([name, value]) => name === 'promotable' && isTrue(value)),
      ),
    parent,
    children,
    elements: template ? [element, template] : [element],
  };
  resources.set(id, resource);
  for (const one of element.children) children.push(...addResource(one, resource, byId, resources));
  return [resource];
}

function standsFor(
  section: Element | undefined,
  tags: Element | undefined,
  resources: ReadonlyMap<string, Resource>,
): Cib['standsFor'] {
  const users = new Map<string, string[]>();
  for (const { id, elements } of resources.values()) {
    const template = elements[0]?.attributes['template'];
    if (template === undefined) continue;
    const known = users.get(template);
    if (known) known.push(id);
    else users.set(template, [id]);
  }
  const templates = all(section, 'template').map(({ attributes: { id = '' } }) => {
    return [id, { kind: 'template', ids: users.get(id) ?? [] }] as const;
  });
  const tagged = all(tags, 'tag').map((tag) => {
    const ids = all(tag, 'obj_ref').map(({ attributes }) => attributes['id'] ?? '');
    return [tag.attributes['id'] ?? '', { kind: 'tag', ids: ids.filter((id) => resources.has(id)) }] as const;
  });
  return new Map<string, StandIn>([...templates, ...tagged]);
}
