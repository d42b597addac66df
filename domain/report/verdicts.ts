import { platformFor } from '../commands/platform';
import type { ControllerState } from '../controller/inspect';
import { HAPROXY } from '../controller/running';
import { RUNNING_RULE, type Told, type VerdictKind } from '../controller/verdicts';
import { PACEMAKER_FINDINGS } from '../findings/pacemaker';
import type { Difference } from '../openstack/difference';
import type { ReportInput } from './report';

/** How a managed thing was found: before anything was changed. It holds no secret. */
export interface ReportVerdict extends Told {
  readonly thing: string;
  /** Names of the controllers of which the same is said; none if the thing is the site's. */
  readonly controllers: readonly string[];
}

type Input = Pick<ReportInput, 'site' | 'platforms' | 'findings' | 'bootstrap' | 'schema' | 'controllers'> &
  Pick<ReportInput, 'verification' | 'notSeen' | 'clusterTemplates' | 'clusters'>;

/** A verdict on every managed thing of a site, whether it is as wanted or not; what is not comes first. */
export function verdictsOf(input: Input): ReportVerdict[] {
  const all = [
    ...onControllers(input),
    ...(input.controllers.length === 0 ? [unseen('controllers', null)] : []),
    pacemaker(input),
    services(input),
    ...[...(input.bootstrap ?? []), ...(input.schema ? [input.schema] : [])].map((one) =>
      ofItem(`bootstrap, ${one.name}`, one.action, one.detail ?? ''),
    ),
    ...(input.site.bootstrap.includes('schema') && !input.schema ? [unseen('bootstrap, schema', input.notSeen)] : []),
    ...inCloud(input),
  ];
  const isWanted = ({ verdict }: Told) => verdict === 'as wanted';
  return [...all.filter((one) => !isWanted(one)), ...all.filter(isWanted)];
}

/** The kinds of what is not as wanted, each once. */
export function kindsOf(verdicts: readonly ReportVerdict[]): VerdictKind[] {
  return [...new Set(verdicts.map(({ verdict }) => verdict))].filter((kind) => kind !== 'as wanted');
}

function onControllers({ controllers, site, platforms }: Input): ReportVerdict[] {
  const groups = new Map<string, { told: Told & { thing: string }; names: string[] }>();
  for (const one of controllers) {
    const { apiService, conductorService } = platformFor(site, platforms, one.name);
    const things = [...one.files.map(({ path }) => path), RUNNING_RULE, apiService, conductorService, HAPROXY];
    for (const told of [...one.verdicts, ...things.flatMap((thing) => asWanted(one, thing))]) {
      const key = JSON.stringify([told.thing, told.verdict, told.reason]);
      const group = groups.get(key) ?? { told, names: [] };
      groups.set(key, { ...group, names: [...group.names, one.name] });
    }
  }
  return [...groups.values()].map(({ told: { thing, verdict, reason }, names }) => ({
    thing,
    verdict,
    reason,
    controllers: names,
  }));
}

function asWanted({ verdicts }: ControllerState, thing: string): (Told & { thing: string })[] {
  return verdicts.some((one) => one.thing === thing) ? [] : [{ thing, ...WANTED }];
}

const WANTED: Told = { verdict: 'as wanted', reason: '' };

function pacemaker({ findings }: Input): ReportVerdict {
  const names: readonly string[] = PACEMAKER_FINDINGS;
  const faults = findings.filter(({ name }) => names.includes(name));
  if (faults.length === 0) return ofSite('pacemaker', WANTED);
  const reason = faults.map(({ name, evidence }) => `${name}: ${evidence}`).join('; ');
  return ofSite('pacemaker', { verdict: 'differs', reason });
}

function services({ verification, notSeen }: Input): ReportVerdict {
  const thing = "Magnum's services, as they answer";
  if (!verification) return unseen(thing, notSeen);
  const down: Told = { verdict: 'service down', reason: verification.waitingFor.join(' ') };
  return ofSite(thing, verification.healthy ? WANTED : down);
}

function inCloud({ site, notSeen, clusterTemplates, clusters }: Input): ReportVerdict[] {
  const each = (
    what: string,
    wanted: readonly { readonly name: string }[],
    found: readonly { readonly name: string; readonly action: string; readonly differences: readonly Difference[] }[],
  ) =>
    wanted.map(({ name }) => {
      const one = found.find((each) => each.name === name);
      const fields = one?.differences.map(({ field }) => field).join(', ') ?? '';
      return one ? ofItem(`${what} ${name}`, one.action, fields) : unseen(`${what} ${name}`, notSeen);
    });
  return [
    ...each('cluster template', site.clusterTemplates, clusterTemplates),
    ...each('cluster', site.clusters, clusters),
  ];
}

/** What was found, from what was done. */
function ofItem(thing: string, action: string, reason: string): ReportVerdict {
  if (action === 'unchanged') return ofSite(thing, WANTED);
  const isMissing = action === 'created' || action === 'missing';
  return ofSite(thing, { verdict: isMissing ? 'missing' : 'differs', reason });
}

/** @param why null if the execution did not try */
function unseen(thing: string, why: string | null): ReportVerdict {
  const reason = why === null ? 'it was not looked at' : `it could not be looked at: ${why}`;
  return ofSite(thing, { verdict: 'unknown', reason });
}

function ofSite(thing: string, told: Told): ReportVerdict {
  return { thing, ...told, controllers: [] };
}
