import { type Cib, CibError, descendants, element, modify, removeElement } from '../cib';
import { policyOf } from '../cib-rules';
import { since } from '../generations';
import type { ClusterView, Pacemaker } from '../pacemaker';
import { type Options, readOptions } from './options';
import { failure, type Outcome, type Program } from './program';

const OPTIONS = {
  resource: ['r', true],
  meta: ['m', false],
  'get-parameter': ['g', true],
  ban: ['B', false],
  clear: ['U', false],
  cleanup: ['C', false],
  expired: [undefined, false],
  node: ['N', true],
  lifetime: ['u', true],
} as const;

/**
 * crm_resource -r RESOURCE --meta -g NAME, --ban -r RESOURCE --node NODE [--lifetime DURATION], --clear [-r RESOURCE]
 * [--node NODE] [--expired], --cleanup -r RESOURCE; texts and exit codes are those of 2.1.5, and of 1.1 as its sources have them.
 */
export const crmResource: Program = async ({ arguments: given, controller, pacemaker, timings, who, sleep }) => {
  const options = readOptions(given, OPTIONS);
  if (typeof options === 'string') return failure(`crm_resource: Unknown option ${options}`, 64);
  await sleep(timings.crmMon);
  const view = who.user === 'root' ? pacemaker.view(controller.name) : undefined;
  const isNew = since(pacemaker.generation.pacemaker.version, '2.0.0');
  if (!view) {
    return isNew
      ? failure('crm_resource: Could not connect to the CIB: Transport endpoint is not connected', 102)
      : failure('Error signing on to the CIB service: Transport endpoint is not connected', 107);
  }
  const resource = options.get('resource');
  if (typeof resource === 'string' && !isResource(view.cib, resource)) {
    return isNew
      ? noSuch(`Resource '${resource}'`)
      : failure(`Resource '${resource}' not found: No such device or address`, 6);
  }
  try {
    if (options.has('clear')) return clear(controller.name, pacemaker, options, view.now);
    if (typeof resource !== 'string') return failure('crm_resource: Must supply a resource id with -r', 64);
    if (options.has('cleanup')) return cleanup(pacemaker, view, resource);
    if (options.has('ban')) return ban(controller.name, pacemaker, options, { view, resource });
    return parameter(pacemaker, view, resource, String(options.get('get-parameter')));
  } catch (error) {
    if (!(error instanceof CibError)) throw error;
    return failure(error.message, error.exit);
  }
};

/** Looks it up with all rules as they are at this moment. */
function parameter(
  { resource: primitive, clone, generation }: Pacemaker,
  view: ClusterView,
  resource: string,
  name: string,
): Outcome {
  const { targetRole, cloneTargetRole } = view.policy;
  const running = view.members.filter(({ state }) => state !== 'stopped').length;
  const several =
    resource === clone && running > 1
      ? `${clone} is active on more than one node, returning the default value for ${name}\n`
      : '';
  const values = { [primitive]: targetRole, [clone]: cloneTargetRole };
  const value = name === 'target-role' ? values[resource] : undefined;
  if (value !== undefined) return { exit: 0, stdout: `${value}\n`, stderr: several };
  if (!since(generation.pacemaker.version, '2.0.0')) return { exit: 6, stderr: several };
  const shown = resource === primitive ? `${primitive}:0` : resource;
  return { exit: 0, stderr: `${several}Attribute '${name}' not found for '${shown}'\n` };
}

function ban(
  from: string,
  pacemaker: Pacemaker,
  options: Options,
  { view, resource }: { readonly view: ClusterView; readonly resource: string },
): Outcome {
  const node =
    options.get('node') ??
    (resource === pacemaker.clone || resource === pacemaker.resource ? undefined : view.virtualIp);
  if (typeof node !== 'string') {
    const active = view.members.filter(({ state }) => state === 'started').length;
    return failure(
      `crm_resource: Resource '${resource}' not moved: active in ${active} locations.\n` +
        `To prevent '${resource}' from running on a specific location, specify a node.`,
      64,
    );
  }
  if (!view.nodes.some(({ name }) => name === node)) return noSuch(`Node '${node}'`);
  const lifetime = options.get('lifetime');
  const seconds = typeof lifetime === 'string' ? durationOf(lifetime) : undefined;
  if (typeof lifetime === 'string' && seconds === undefined) {
    return failure(
      `Invalid duration specified: ${lifetime}\n` +
        'Please refer to https://en.wikipedia.org/wiki/ISO_8601#Durations for examples of valid durations',
      64,
    );
  }
  const id = `cli-ban-${resource}-on-${node}`;
  const end = seconds === undefined ? undefined : timeOf(view.now + seconds * 1000);
  const constraint =
    end === undefined
      ? element('rsc_location', { id, rsc: resource, role: 'Started', node, score: '-INFINITY' })
      : element('rsc_location', { id, rsc: resource, role: 'Started' }, [
          element('rule', { id: `${id}-rule`, score: '-INFINITY', 'boolean-op': 'and' }, [
            element('expression', {
              id: `${id}-expr`,
              attribute: '#uname',
              operation: 'eq',
              value: node,
              type: 'string',
            }),
            element('date_expression', { id: `${id}-lifetime`, operation: 'lt', end }),
          ]),
        ]);
  const changed = pacemaker.change(from, (cib) =>
    cib.change((configuration) => {
      const section = configuration.children.find(({ name }) => name === 'constraints') ?? configuration;
      modify(section, constraint, true);
    }),
  );
  return {
    exit: 0,
    changed,
    stdout:
      (end === undefined ? '' : `Migration will take effect until: ${end}\n`) +
      `WARNING: Creating rsc_location constraint '${id}' with a score of -INFINITY for resource ${resource} on ${node}.\n` +
      `\tThis will prevent ${resource} from running on ${node} until the constraint is removed using the clear option or by ` +
      `editing the CIB with an appropriate tool\n` +
      `\tThis will be the case even if ${node} is the last node in the cluster\n`,
  };
}

/** Forgets what failed, so that pacemaker tries again. */
function cleanup(pacemaker: Pacemaker, { members }: ClusterView, resource: string): Outcome {
  const failed = members.filter(({ failure: one }) => one !== undefined);
  pacemaker.cleanup();
  if (failed.length === 0) return { exit: 0, stdout: `Cleaned up all resources on all nodes\n` };
  return {
    exit: 0,
    changed: true,
    stdout:
      failed.map(({ name }) => `Cleaned up ${resource}:0 on ${name}\n`).join('') +
      'Waiting for 1 reply from the controller\n... got reply (done)\n',
  };
}

/** Takes away what --ban made; with --expired only what is no longer in effect. */
function clear(from: string, pacemaker: Pacemaker, options: Options, now: number): Outcome {
  const [resource, node] = [options.get('resource'), options.get('node')];
  const removed: string[] = [];
  const changed = pacemaker.change(from, (cib) => {
    const bans = policyOf(cib, pacemaker.resource, now).bans.map(({ id }) => id);
    return cib.change((configuration) => {
      for (const one of descendants(configuration)) {
        const { id = '', rsc } = one.attributes;
        if (one.name !== 'rsc_location' || !id.startsWith('cli-ban-')) continue;
        if (typeof resource === 'string' && resource !== rsc) continue;
        if (typeof node === 'string' && !id.endsWith(`-on-${node}`)) continue;
        if (options.has('expired') && (bans.includes(id) || bans.includes(`${id}-rule`))) continue;
        removeElement(configuration, one);
        removed.push(id);
      }
    });
  });
  return { exit: 0, changed, stdout: removed.map((id) => `Removing constraint: ${id}\n`).join('') };
}

function isResource(cib: Cib, id: string): boolean {
  return cib.find('primitive', id) !== undefined || cib.find('clone', id) !== undefined;
}

function noSuch(what: string): Outcome {
  return failure(`crm_resource: ${what} not found\nError performing operation: No such object`, 105);
}

/** Seconds of a duration as ISO 8601 writes them, without years and months. */
function durationOf(text: string): number | undefined {
  const [all, ...parts] = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  if (all === undefined) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.map((part) =>
    Number((part as string | undefined) ?? 0),
  );
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}

function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}
