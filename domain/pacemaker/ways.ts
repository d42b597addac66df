import { unknownToReload, whyNotReloadable } from '../commands/reload';
import type { Site } from '../site/document';
import { type Cib, primitivesOf, type Resource } from './cib';
import { stoppedWith } from './dependencies';
import { matchNodes, type NodeNames } from './node-names';
import type { SupportedForm } from './resource-form';
import type { ClusterStatus } from './status';
import { all } from './xml';

/** Why HAProxy cannot be updated in a way, by the way: see `haproxy.update` of the site document. */
export type Hindrances = Readonly<Partial<Record<Site['haproxy']['update'], string>>>;

/** What hinders each way. */
export function hindrances({ controllers }: Site, cib: Cib, status: ClusterStatus, form: SupportedForm): Hindrances {
  const names = matchNodes(
    status.nodes.map(({ name }) => name),
    controllers.map(({ name }) => name),
  );
  const rolling = whyNotRollable(cib, status, names, form).join('; ');
  const { id, agent } = form.primitive;
  const reload = whyNotReloadable(id, agent, unknownToReload(parametersOf(form.primitive)));
  return { ...(rolling !== '' && { rolling }), ...(reload !== undefined && { reload }) };
}

/** Why HAProxy cannot be stopped on one controller while it serves on the others, or not without more than addresses moving. */
export function whyNotRollable(cib: Cib, status: ClusterStatus, names: NodeNames, form: SupportedForm): string[] {
  const { primitive } = form;
  const moving = stoppedWith(cib, primitive);
  const isAddress = ({ agent }: Resource) => /ipaddr/i.test(agent);
  const others = new Set([
    ...moving.filter((one) => !isAddress(one) && status.running.has(one.id)),
    // A ban of one member keeps the whole group off.
    ...(form.kind === 'cloned-group' ? primitivesOf(form.group).filter((one) => one !== primitive) : []),
  ]);
  return [
    ...(names.nodeOf.size - offline(status, names) < 2
      ? ['Fewer than two controllers are online: it would be down everywhere']
      : []),
    ...(others.size > 0
      ? [`Where pacemaker stops ${primitive.id} it also stops ${[...others].map(({ id }) => id).join(', ')}`]
      : []),
    ...(moving.some(isAddress)
      ? []
      : [`No address depends on ${primitive.id}: the VIP would stay on a controller on which it is stopped`]),
  ];
}

function offline({ online }: ClusterStatus, { nodeOf }: NodeNames): number {
  return [...nodeOf.values()].filter((node) => !online.includes(node)).length;
}

/** Parameters of a resource, by name. */
function parametersOf({ elements }: Resource): Map<string, string> {
  const pairs = elements.flatMap((element) =>
    all(element, 'instance_attributes').flatMap((set) => all(set, 'nvpair').map(({ attributes }) => attributes)),
  );
  return new Map(pairs.map(({ name = '', value = '' }) => [name, value]));
}
