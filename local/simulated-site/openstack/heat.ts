import type { Cloud } from './cloud';
import type { ClusterRow, StackRow } from './store';

/** Heat wants a stack's name with its ID, and redirects a request that has only the ID. */
export class MovedTo {
  constructor(readonly location: string) {}
}

/** What Heat needs to answer. */
export interface Stacks {
  /** The clusters, brought up to now. */
  readonly clusters: () => readonly ClusterRow[];
  /** How the client addresses the API. */
  readonly base: string;
}

/** Heat's API: stacks of clusters and what is in them, as far as somebody looks at it. */
export function heat(path: string, query: URLSearchParams, _: Cloud, { clusters, base }: Stacks): unknown {
  const [, stacks = '', rest = ''] = /^(\/v1\/[0-9a-f]{32}\/stacks)\/(.+)$/.exec(path) ?? [];
  const [first = '', ...others] = rest.split('/');
  const rows = clusters();
  const byId = rows.find(({ stack }) => stack?.id === first)?.stack;
  if (byId) {
    const parameters = query.size > 0 ? `?${query.toString()}` : '';
    return new MovedTo(`${base}${stacks}/${[byId.name, byId.id, ...others].join('/')}${parameters}`);
  }
  const [id, collection] = others;
  const row = rows.find(({ stack }) => stack?.name === first && stack.id === id);
  if (!row?.stack) return undefined;
  if (collection === undefined) return { stack: showStack(row, row.stack) };
  if (collection !== 'resources') return undefined;
  return { resources: showResources(row, row.stack, base + stacks, Number(query.get('nested_depth') ?? 0)) };
}

function showStack({ created_at }: ClusterRow, { id, name, status, reason, workers, updatedAt }: StackRow) {
  return {
    id,
    stack_name: name,
    stack_status: status,
    stack_status_reason: reason,
    creation_time: created_at.replace('+00:00', 'Z'),
    updated_time: updatedAt?.replace('+00:00', 'Z') ?? null,
    deletion_time: null,
    parent: null,
    disable_rollback: true,
    timeout_mins: 60,
    parameters: { 'OS::stack_id': id, 'OS::stack_name': name, number_of_nodes: String(workers) },
    outputs: [],
  };
}

interface Resource {
  /** Logical names, from the outermost resource to it. */
  readonly path: readonly string[];
  readonly type: string;
  /** Whether it is a stack itself. */
  readonly nested: boolean;
}

const TEMPLATES = 'file:///usr/lib/python3/dist-packages/magnum/drivers/swarm_fedora_atomic_v2/templates';
/** What fails if a stack does. */
const FAILING = ['swarm_nodes', '0', 'swarm-node'];

/** The resources with servers in them; those of the network are left out. */
function showResources(row: ClusterRow, stack: StackRow, stacks: string, depth: number) {
  const groups: [name: string, kind: 'master' | 'node', count: number][] = [
    ['swarm_primary_master', 'master', 1],
    ['swarm_secondary_masters', 'master', row.master_count - 1],
    ['swarm_nodes', 'node', stack.workers],
  ];
  return groups
    .flatMap(([group, kind, count]): Resource[] => [
      { path: [group], type: 'OS::Heat::ResourceGroup', nested: true },
      ...Array.from({ length: count }, (_, index) => [group, String(index)]).flatMap((path): Resource[] => [
        { path, type: `${TEMPLATES}/swarm${kind}.yaml`, nested: true },
        { path: [...path, `swarm-${kind}`], type: 'OS::Nova::Server', nested: false },
        { path: [...path, `${kind}_wait_condition`], type: 'OS::Heat::WaitCondition', nested: false },
      ]),
    ])
    .filter(({ path }) => path.length <= depth + 1)
    .map((one) => showResource(one, stack, stacks));
}

function showResource(
  { path, type, nested }: Resource,
  { id, name, status, reason, updatedAt }: StackRow,
  stacks: string,
) {
  const [verb = '', state = ''] = status.split(/_(.*)/);
  const fails = state === 'FAILED' && path.every((one, index) => one === FAILING[index]);
  const waits = state === 'IN_PROGRESS' && (nested || type === 'OS::Heat::WaitCondition');
  const within = FAILING.slice(path.length).map((one) => (one === '0' ? 'resources[0]' : `resources.${one}`));
  const href = (to: readonly string[]) => `${stacks}/${[name, ...to].join('-')}/${id}`;
  const logical = path.at(-1) ?? '';
  return {
    resource_name: logical,
    logical_resource_id: logical,
    physical_resource_id: id,
    resource_type: type,
    resource_status: `${verb}_${fails ? 'FAILED' : waits ? 'IN_PROGRESS' : 'COMPLETE'}`,
    resource_status_reason: fails ? `ResourceInError: ${[...within, reason].join(': ')}` : 'state changed',
    creation_time: updatedAt,
    updated_time: updatedAt,
    required_by: [],
    ...(path.length > 1 && { parent_resource: path.at(-2) }),
    links: [
      { href: `${href(path.slice(0, -1))}/resources/${logical}`, rel: 'self' },
      { href: href(path.slice(0, -1)), rel: 'stack' },
      ...(nested ? [{ href: href(path), rel: 'nested' }] : []),
    ],
  };
}
