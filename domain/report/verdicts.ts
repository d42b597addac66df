import { platformFor } from '../commands/platform';
import type { ControllerState } from '../controller/inspect';
import { HAPROXY } from '../controller/running';
import { type DriftVerdict, RUNNING_RULE, type Told, type VerdictKind } from '../controller/verdicts';
import { type Waived, waivedBy } from '../controller/waivers';
import { PACEMAKER_FINDINGS } from '../findings/pacemaker';
import type { ReportInput } from './report';

/** How a managed thing was found: before anything was changed. It holds no secret. */
export interface ReportVerdict extends Told {
  readonly thing: string;
  /** Names of the controllers of which the same is said; none if the thing is the site's. */
  readonly controllers: readonly string[];
  /** By what it is accepted, or was; absent if the site document does not accept it. */
  readonly waived?: Waived;
}

type Input = Pick<
  ReportInput,
  'site' | 'reportedAt' | 'platforms' | 'findings' | 'bootstrap' | 'schema' | 'controllers'
> &
  Pick<ReportInput, 'verification' | 'notSeen' | 'clusterTemplates' | 'clusters'>;

/** A verdict on every managed thing of a site, whether it is as wanted or not: what is not comes first, then what is waived. */
export function verdictsOf(input: Input): ReportVerdict[] {
  const ofTheSite = [
    ...(input.controllers.length === 0 ? [unseen('controllers', null)] : []),
    pacemaker(input),
    services(input),
    ...bootstrapItems(input).map(ofItem),
    ...(input.site.bootstrap.includes('schema') && !input.schema ? [unseen('bootstrap, schema', input.notSeen)] : []),
    ...inCloud(input),
  ].map((one) => ({ ...one, ...waivedBy(input.site, one, input.reportedAt) }));
  const all = [...onControllers(input), ...ofTheSite];
  const of = (standing: Standing) => all.filter((one) => standingOf(one) === standing);
  return [...of('open'), ...of('waived'), ...of('as wanted')];
}

/** Whether something is to be done about it. */
export type Standing = 'as wanted' | 'waived' | 'open';

export function standingOf({ verdict, waived }: ReportVerdict): Standing {
  if (verdict === 'as wanted') return verdict;
  return waived && !waived.expired ? 'waived' : 'open';
}

/** The kinds of what is neither as wanted nor waived, each once. */
export function kindsOf(verdicts: readonly ReportVerdict[]): VerdictKind[] {
  return [...new Set(verdicts.filter((one) => standingOf(one) === 'open').map(({ verdict }) => verdict))];
}

function onControllers({ controllers, site, platforms, reportedAt }: Input): ReportVerdict[] {
  const groups = new Map<string, Omit<ReportVerdict, 'controllers'> & { names: string[] }>();
  for (const one of controllers) {
    const { apiService, conductorService } = platformFor(site, platforms, one.name);
    const things = [...one.files.map(({ path }) => path), RUNNING_RULE, apiService, conductorService, HAPROXY];
    for (const found of [...one.verdicts, ...things.flatMap((thing) => asWanted(one, thing))]) {
      const { thing, verdict, reason } = found;
      const told = { thing, verdict, reason, ...waivedBy(site, { ...found, controller: one.name }, reportedAt) };
      const key = JSON.stringify(told);
      groups.set(key, { ...told, names: [...(groups.get(key)?.names ?? []), one.name] });
    }
  }
  return [...groups.values()].map(({ names, ...told }) => ({ ...told, controllers: names }));
}

function asWanted({ verdicts }: ControllerState, thing: string): DriftVerdict[] {
  return verdicts.some((one) => one.thing === thing) ? [] : [{ thing, ...WANTED }];
}

const WANTED: Told = { verdict: 'as wanted', reason: '' };

/** Its faults are findings, and told as such. */
export const PACEMAKER = 'pacemaker';

function pacemaker({ findings }: Input): ReportVerdict {
  const names: readonly string[] = PACEMAKER_FINDINGS;
  const faults = findings.filter(({ name }) => names.includes(name));
  if (faults.length === 0) return ofSite(PACEMAKER, WANTED);
  const reason = faults.map(({ name, evidence }) => `${name}: ${evidence}`).join('; ');
  return ofSite(PACEMAKER, { verdict: 'differs', reason });
}

function services({ verification, notSeen }: Input): ReportVerdict {
  const thing = "Magnum's services, as they answer";
  if (!verification) return unseen(thing, notSeen);
  const down: Told = { verdict: 'service down', reason: verification.waitingFor.join(' ') };
  return ofSite(thing, verification.healthy ? WANTED : down);
}

/** Something that Magnum needs or has in the cloud, as it was found, and what was done with it. */
interface Item {
  readonly thing: string;
  readonly action: string;
  readonly reason: string;
}

function bootstrapItems({ bootstrap, schema }: Pick<Input, 'bootstrap' | 'schema'>): Item[] {
  return [...(bootstrap ?? []), ...(schema ? [schema] : [])].map(({ name, action, detail = '' }) => ({
    thing: `bootstrap, ${name}`,
    action,
    reason: detail,
  }));
}

function cloudItems({ clusterTemplates, clusters }: Pick<Input, 'clusterTemplates' | 'clusters'>): Item[] {
  const each = (what: string, all: typeof clusterTemplates | typeof clusters) =>
    all.map(({ name, action, differences }) => ({
      thing: `${what} ${name}`,
      action,
      reason: differences.map(({ field }) => field).join(', '),
    }));
  return [...each(TEMPLATE, clusterTemplates), ...each(CLUSTER, clusters)];
}

/** Everything of the cloud that was looked at. */
export function itemsOf(input: Pick<Input, 'bootstrap' | 'schema' | 'clusterTemplates' | 'clusters'>): Item[] {
  return [...bootstrapItems(input), ...cloudItems(input)];
}

/** Whether it still is not as wanted. */
export function isOpen({ action }: Item): boolean {
  return action === 'missing' || action === 'differs';
}

const TEMPLATE = 'cluster template';
const CLUSTER = 'cluster';

function inCloud(input: Input): ReportVerdict[] {
  const { site, notSeen } = input;
  const items = cloudItems(input);
  const wanted = [
    ...site.clusterTemplates.map(({ name }) => `${TEMPLATE} ${name}`),
    ...site.clusters.map(({ name }) => `${CLUSTER} ${name}`),
  ];
  return wanted.map((thing) => {
    const one = items.find((each) => each.thing === thing);
    return one ? ofItem(one) : unseen(thing, notSeen);
  });
}

/** What was found, from what was done. */
function ofItem({ thing, action, reason }: Item): ReportVerdict {
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
