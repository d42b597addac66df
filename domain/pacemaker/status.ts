import { MagnumHaError } from '../errors';
import { all, child, type Element, parseXml } from './xml';

/** Pacemaker does not run on a controller, or its answer cannot be read. */
export class PacemakerUnavailable extends MagnumHaError {
  override readonly name = 'PacemakerUnavailable';
}

/** One instance of a resource, as pacemaker sees it. */
export interface ResourceInstance {
  readonly role: string;
  readonly active: boolean;
  readonly managed: boolean;
  readonly blocked: boolean;
  readonly failed: boolean;
  /** Names of the nodes it is on. */
  readonly nodes: readonly string[];
}

/** What one controller's pacemaker says. */
export interface ClusterStatus {
  readonly quorate: boolean;
  readonly maintenance: boolean;
  /** Names of the nodes that are online. */
  readonly online: readonly string[];
  /** IDs of the resource and of the clone around it. */
  readonly ids: readonly string[];
  /** The instances of the resource; none where it is unknown. */
  readonly instances: readonly ResourceInstance[];
  /** Whether the resource is disabled: its target role is Stopped. */
  readonly disabled: boolean;
}

/**
 * Reads the output of `crm_mon -1 -r --output-as=xml` (Pacemaker 2; schema crm_mon-2.x.rng).
 *
 * @param resource ID of the primitive, or of its clone
 * @throws PacemakerUnavailable where the text is no such output
 */
export function parseClusterStatus(xml: string, resource: string, where: string): ClusterStatus {
  const document = parseXml(xml);
  const result = child(document, 'pacemaker-result') ?? child(document, 'crm_mon');
  const summary = child(result, 'summary');
  if (!result || !summary) {
    throw new PacemakerUnavailable(
      `crm_mon on the ${where} printed no cluster status. Check pacemaker there: crm_mon -1`,
    );
  }
  const resources = child(result, 'resources');
  const clones = all(resources, 'clone');
  const clone = clones.find((one) => one['id'] === resource || all(one, 'resource').some(isNamed(resource)));
  const instances = clone ? all(clone, 'resource') : all(resources, 'resource').filter(isNamed(resource));
  return {
    quorate: child(summary, 'current_dc')?.['with_quorum'] === 'true',
    maintenance: child(summary, 'cluster_options')?.['maintenance-mode'] === 'true',
    online: all(child(result, 'nodes'), 'node')
      .filter((node) => node['online'] === 'true')
      .map((node) => String(node['name'])),
    ids: [...new Set([...instances, ...(clone ? [clone] : [])].map(({ id }) => primitive(String(id))))],
    instances: instances.map((one) => ({
      role: String(one['role']),
      active: one['active'] === 'true',
      managed: one['managed'] !== 'false' && clone?.['managed'] !== 'false',
      blocked: one['blocked'] === 'true',
      failed: one['failed'] === 'true',
      nodes: all(one, 'node').map((node) => String(node['name'])),
    })),
    // Pacemaker takes role names in any case, and prints them as they were given.
    disabled: [clone, ...instances].some((one) => /^stopped$/i.test(String(one?.['target_role']))),
  };
}

/** An instance of an anonymous clone has the primitive's ID, one of a unique clone a number behind it. */
function isNamed(resource: string): (element: Element) => boolean {
  return ({ id }) => id === resource || (typeof id === 'string' && primitive(id) === resource);
}

function primitive(instance: string): string {
  return instance.replace(/:\d+$/, '');
}
