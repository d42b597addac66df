import { MagnumHaError } from '../errors';
import { isStopped } from './rules';
import { all, child, type Element, parseXml, XmlRefused } from './xml';

/** Pacemaker does not run on a controller, or its answer cannot be read. */
export class PacemakerUnavailable extends MagnumHaError {
  override readonly name = 'PacemakerUnavailable';
}

/** One instance of a resource, as pacemaker sees it. */
export interface ResourceInstance {
  /** `Started`, `Stopped`, a role of a promotable clone, or what pacemaker is doing: `Starting`, `Stopping` and so on. */
  readonly role: string;
  readonly active: boolean;
  readonly managed: boolean;
  /** Pacemaker does nothing more about it after a failure. Undefined before 1.1.16, which does not print it. */
  readonly blocked: boolean | undefined;
  readonly failed: boolean;
  /** It runs, but is no longer configured. */
  readonly orphaned: boolean;
  /** Names of the nodes it is on. */
  readonly nodes: readonly string[];
}

/** A node as pacemaker sees it. */
export interface ClusterNode {
  readonly name: string;
  readonly online: boolean;
  readonly standby: boolean;
  /** Pacemaker put it into standby itself after a failure. */
  readonly standbyOnFail: boolean;
  readonly maintenance: boolean;
  /** It is joining. */
  readonly pending: boolean;
  /** It must be fenced first. */
  readonly unclean: boolean;
}

/** What one controller's pacemaker says. */
export interface ClusterStatus {
  /** Version of the node that decides, such as "2.1.5-a3f44794f94"; empty if there is none. */
  readonly version: string;
  /** Name of that node, the designated controller (DC); undefined if there is none. Rules of time go by its clock. */
  readonly dc: string | undefined;
  readonly quorate: boolean;
  /** Undefined before 1.1.16, which does not print it: see the CIB. */
  readonly maintenance: boolean | undefined;
  readonly nodes: readonly ClusterNode[];
  /** Names of the nodes that are online. */
  readonly online: readonly string[];
  /** IDs under which the resource is known: its own, and those of the group and the clone around it. */
  readonly ids: readonly string[];
  /** The instances of the resource; none if it is unknown. */
  readonly instances: readonly ResourceInstance[];
  /** Whether its target role is Stopped. Undefined before 1.1.16, which does not print it: see the CIB. */
  readonly disabled: boolean | undefined;
  /** IDs of all primitives that run somewhere. */
  readonly running: ReadonlySet<string>;
  /** The nodes on which each of them runs. */
  readonly runsOn: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads what `crm_mon -1 -r` prints as XML: with `--as-xml` (pacemaker 1.1.10 to 2.0.2), or with `--output-as=xml` (2.0.3 and
 * later).
 *
 * @param resource ID of the primitive, or of its clone
 * @throws PacemakerUnavailable if the text is no such output
 */
export function parseClusterStatus(xml: string, resource: string, where: string): ClusterStatus {
  const problem = `crm_mon on the ${where} printed no cluster status`;
  const root = rootOf(xml, ['pacemaker-result', 'crm_mon'], problem, 'crm_mon -1');
  const summary = child(root, 'summary');
  if (!summary) throw new PacemakerUnavailable(`${problem}. Check pacemaker there: crm_mon -1`);
  const found = find(child(root, 'resources'), resource);
  const instances = found.map(({ instance }) => instanceOf(instance));
  const nodes = all(child(root, 'nodes'), 'node').map(nodeOf);
  const dc = child(summary, 'current_dc')?.attributes;
  const runsOn = new Map<string, readonly string[]>();
  for (const { instance } of descendants(child(root, 'resources'))) {
    const { active, nodes: on } = instanceOf(instance);
    if (active) runsOn.set(idOf(instance), [...(runsOn.get(idOf(instance)) ?? []), ...on]);
  }
  return {
    version: dc?.['version'] ?? '',
    dc: dc?.['name'],
    quorate: dc?.['with_quorum'] === 'true',
    maintenance: truth(child(summary, 'cluster_options')?.attributes['maintenance-mode']),
    nodes,
    online: nodes.filter(({ online }) => online).map(({ name }) => name),
    ids: [...new Set(found.flatMap(({ instance, around }) => [instance, ...around].map(idOf)))],
    instances,
    disabled: instances.some(({ blocked }) => blocked === undefined)
      ? undefined
      : found.some(({ instance }) => isStopped(instance.attributes['target_role'])),
    running: new Set(runsOn.keys()),
    runsOn,
  };
}

/** Whether an instance runs and is not about to change. A promotable clone has other roles than Started. */
export function isStarted({ role, failed }: ResourceInstance): boolean {
  return ['Started', 'Master', 'Slave', 'Promoted', 'Unpromoted'].includes(role) && !failed;
}

/** @throws PacemakerUnavailable if the text is not XML with such a root */
export function rootOf(xml: string, names: readonly string[], problem: string, command: string): Element {
  try {
    const root = parseXml(xml);
    if (names.includes(root.name)) return root;
    throw new PacemakerUnavailable(`${problem}, but <${root.name}>. Check pacemaker there: ${command}`);
  } catch (error) {
    if (!(error instanceof XmlRefused)) throw error;
    throw new PacemakerUnavailable(`${problem}: ${error.message}. Check pacemaker there: ${command}`);
  }
}

/** An instance of a primitive, and what is around it, the nearest first. */
interface Found {
  readonly instance: Element;
  readonly around: readonly Element[];
}

function descendants(element: Element | undefined, around: readonly Element[] = []): Found[] {
  return (element?.children ?? []).flatMap((one) => {
    if (one.name === 'resource') return [{ instance: one, around }];
    // A replica of a bundle has an ID that is only a number.
    return descendants(one, one.attributes['id'] === undefined || one.name === 'replica' ? around : [one, ...around]);
  });
}

/** The instances of a resource, or of all that are in it. */
function find(resources: Element | undefined, resource: string): Found[] {
  return descendants(resources).filter((found) =>
    [found.instance, ...found.around].some((one) => idOf(one) === resource),
  );
}

/** An instance of an anonymous clone has the primitive's ID, one of a unique clone a number after it, as groups in clones have. */
function idOf({ attributes }: Element): string {
  return (attributes['id'] ?? '').replace(/:\d+$/, '');
}

function instanceOf(element: Element): ResourceInstance {
  const { role = '', active, managed, blocked, failed, orphaned, removed } = element.attributes;
  return {
    role,
    active: active === 'true',
    managed: managed !== 'false',
    blocked: truth(blocked),
    failed: failed === 'true',
    // Since 3.0 it has two names.
    orphaned: orphaned === 'true' || removed === 'true',
    nodes: all(element, 'node').map(({ attributes }) => attributes['name'] ?? ''),
  };
}

function nodeOf({ attributes }: Element): ClusterNode {
  const { name = '', online, standby, standby_onfail, maintenance, pending, unclean } = attributes;
  return {
    name,
    online: online === 'true',
    standby: standby === 'true',
    standbyOnFail: standby_onfail === 'true',
    maintenance: maintenance === 'true',
    pending: pending === 'true',
    unclean: unclean === 'true',
  };
}

function truth(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}
