import { ancestors, type Cib, type CibNode, metaAttribute, type Resource, type Setting } from './cib';
import { needs } from './dependencies';
import { type Ban, locationOn } from './location';
import type { SupportedForm } from './resource-form';
import { INFINITY, isStopped, isTrue, scoreOf } from './rules';
import { type ClusterStatus, isStarted } from './status';

/** Why pacemaker keeps HAProxy stopped everywhere: a target role. */
export interface Disabled {
  readonly by: 'target-role';
  /** ID of the resource or template that has it; undefined if it is a default of all resources. */
  readonly at: string | undefined;
  /** Whether a rule says until when, or when. */
  readonly ruled: boolean;
}

/** Why pacemaker does not act on HAProxy. */
export type Unmanaged =
  /** A property of the cluster. */
  | { readonly by: 'maintenance-mode' | 'is-managed-default' }
  /** A meta attribute; `at` as in `Disabled`. */
  | { readonly by: 'is-managed' | 'maintenance'; readonly at: string | undefined }
  | { readonly by: 'node-maintenance'; readonly node: string; readonly untilBoot: boolean }
  /** A stop failed there: pacemaker waits for a person. */
  | { readonly by: 'blocked'; readonly node: string }
  /** Pacemaker says that it does not manage it, and nothing in the CIB tells us why. */
  | { readonly by: 'unexplained' };

/** Why HAProxy does not start, on one node or on all. */
export type Hindrance =
  | { readonly by: 'stop-all-resources' }
  | { readonly by: 'no-quorum'; readonly policy: string }
  /** Something that it needs is disabled. */
  | { readonly by: 'needs'; readonly resource: string }
  /** There are fewer instances than nodes. */
  | { readonly by: 'clone-max'; readonly at: string; readonly value: string }
  | { readonly by: 'offline' | 'unclean' | 'pending' | 'standby-on-fail'; readonly node: string }
  | { readonly by: 'standby'; readonly node: string; readonly untilBoot: boolean }
  | { readonly by: 'ban'; readonly node: string; readonly ban: Ban }
  /** The cluster is opt-in (`symmetric-cluster=false`), and no constraint lets HAProxy run there. */
  | { readonly by: 'opt-in'; readonly node: string; readonly resource: string }
  /** It failed there as often as `migration-threshold` allows. */
  | { readonly by: 'fail-count'; readonly node: string; readonly resource: string; readonly count: number }
  /** The node calls itself unhealthy by this attribute. */
  | { readonly by: 'health'; readonly node: string; readonly attribute: string; readonly value: string };

/** Any reason why HAProxy is not as it should be. */
export type Cause = Disabled | Unmanaged | Hindrance;

/** @returns undefined if it is not disabled; `unknown` if a rule that we cannot decide says so: then ask `crm_resource` */
export function disabledBy(cib: Cib, primitive: Resource): Disabled | 'unknown' | undefined {
  const role = metaAttribute(cib, primitive, 'target-role');
  if (role === undefined || role === 'unknown') return role;
  return isStopped(role.value) ? { by: 'target-role', at: role.at, ruled: role.ruled } : undefined;
}

/** Whether enabling HAProxy ends it: a target role of its own, or of its clone's, and no rule. */
export function endsByEnabling({ at, ruled }: Disabled, { primitive, clone }: SupportedForm): boolean {
  return !ruled && (at === primitive.id || at === clone.id);
}

/** Everything that keeps pacemaker from acting on HAProxy; none if it manages every instance. */
export function unmanagedBy(cib: Cib, primitive: Resource, status: ClusterStatus): Unmanaged[] {
  const causes: Unmanaged[] = [];
  if (isTrue(cib.properties.get('maintenance-mode'))) causes.push({ by: 'maintenance-mode' });
  const maintenance = known(metaAttribute(cib, primitive, 'maintenance'));
  if (maintenance && isTrue(maintenance.value)) causes.push({ by: 'maintenance', at: maintenance.at });
  const managed = known(metaAttribute(cib, primitive, 'is-managed'));
  if (managed && !isTrue(managed.value)) causes.push({ by: 'is-managed', at: managed.at });
  const standard = cib.properties.get('is-managed-default') ?? cib.properties.get('is_managed_default');
  if (!managed && standard !== undefined && !isTrue(standard)) causes.push({ by: 'is-managed-default' });
  for (const { name, attributes, transient } of cib.nodes) {
    if (!isTrue(attributes.get('maintenance'))) continue;
    causes.push({ by: 'node-maintenance', node: name, untilBoot: transient.has('maintenance') });
  }
  const everywhere = causes.some(({ by }) => by !== 'node-maintenance');
  for (const { managed: isManaged, blocked, failed, nodes } of status.instances) {
    if (isManaged) continue;
    const explained = everywhere || nodes.some((node) => causes.some((one) => 'node' in one && one.node === node));
    // Before 1.1.16 a blocked instance is one that failed and is not managed.
    if (blocked ?? (failed && !explained)) causes.push(...nodes.map((node) => ({ by: 'blocked', node }) as const));
    else if (!explained && !causes.some(({ by }) => by === 'unexplained')) causes.push({ by: 'unexplained' });
  }
  return causes;
}

/**
 * Everything that keeps HAProxy from starting where it does not run, besides a target role. None means that pacemaker could
 * start it, or that the CIB does not tell why it does not.
 */
export function hindrances(cib: Cib, primitive: Resource, status: ClusterStatus): Hindrance[] {
  const everywhere: Hindrance[] = [];
  if (isTrue(cib.properties.get('stop-all-resources'))) everywhere.push({ by: 'stop-all-resources' });
  const policy = cib.properties.get('no-quorum-policy') ?? 'stop';
  if (!status.quorate && policy !== 'ignore') everywhere.push({ by: 'no-quorum', policy });
  for (const resource of needs(cib, primitive)) {
    const disabled = disabledBy(cib, resource);
    if (disabled !== undefined && disabled !== 'unknown') everywhere.push({ by: 'needs', resource: resource.id });
  }
  const runsOn = new Set(status.instances.filter(isStarted).flatMap(({ nodes }) => nodes));
  const without = cib.nodes.filter(({ name }) => !runsOn.has(name));
  const onNodes = without.flatMap((node) => onNode(cib, primitive, node, status));
  const clone = ancestors(primitive).find(({ kind }) => kind === 'clone');
  const most = known(metaAttribute(cib, primitive, 'clone-max'));
  if (clone && most && without.length > 0 && Number(most.value) <= runsOn.size) {
    everywhere.push({ by: 'clone-max', at: most.at ?? clone.id, value: most.value });
  }
  return [...everywhere, ...onNodes];
}

function onNode(cib: Cib, primitive: Resource, node: CibNode, { nodes }: ClusterStatus): Hindrance[] {
  const { name, attributes, transient } = node;
  const seen = nodes.find((one) => one.name === name);
  if (!seen?.online) return [{ by: 'offline', node: name }];
  const causes: Hindrance[] = [];
  if (seen.unclean) causes.push({ by: 'unclean', node: name });
  if (seen.pending) causes.push({ by: 'pending', node: name });
  if (isTrue(attributes.get('standby'))) {
    causes.push({ by: 'standby', node: name, untilBoot: transient.has('standby') });
  } else if (seen.standbyOnFail) causes.push({ by: 'standby-on-fail', node: name });
  const { allowed, bans } = locationOn(cib, primitive, node);
  causes.push(...bans.map((ban) => ({ by: 'ban', node: name, ban }) as const));
  if (!allowed && bans.length === 0) causes.push({ by: 'opt-in', node: name, resource: outermost(primitive).id });
  const count = failCount(primitive, node);
  const threshold = known(metaAttribute(cib, primitive, 'migration-threshold'));
  const most = threshold ? scoreOf(threshold.value) : INFINITY;
  if (most > 0 && count >= most) causes.push({ by: 'fail-count', node: name, resource: primitive.id, count });
  return [...causes, ...unhealthy(cib, node)];
}

/**
 * How often it failed on a node where it does not run. Failures that have expired count, too: until pacemaker looks again, which
 * can take the 15 minutes of cluster-recheck-interval, they are why, and a cleanup ends that at once.
 */
function failCount({ id }: Resource, { attributes }: CibNode): number {
  // Before 1.1.17 there is one count; since, one for each operation: fail-count-p_haproxy#start_0.
  const prefix = `fail-count-${id}`;
  const counts = [...attributes].filter(
    ([name]) => name.startsWith(prefix) && /^(:\d+)?(#.+_\d+)?$/.test(name.slice(prefix.length)),
  );
  return Math.min(
    counts.reduce((sum, [, value]) => sum + scoreOf(value), 0),
    INFINITY,
  );
}

function unhealthy({ properties }: Cib, { name, attributes }: CibNode): Hindrance[] {
  const strategy = properties.get('node-health-strategy') ?? 'none';
  const bad = { 'migrate-on-red': ['red'], 'only-green': ['red', 'yellow'] }[strategy] ?? [];
  return [...attributes]
    .filter(([attribute, value]) => attribute.startsWith('#health') && bad.includes(value.toLowerCase()))
    .map(([attribute, value]) => ({ by: 'health', node: name, attribute, value }));
}

function known(setting: Setting | 'unknown' | undefined): Setting | undefined {
  return setting === 'unknown' ? undefined : setting;
}

function outermost(resource: Resource): Resource {
  return ancestors(resource).at(-1) ?? resource;
}
