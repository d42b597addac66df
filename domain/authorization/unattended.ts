import { HAPROXY } from '../controller/running';
import { told } from '../controller/verdicts';
import { waivedBy } from '../controller/waivers';
import { DRIFT_KINDS, type OnDrift } from '../site/drift-section';
import type { ProposedChange } from './authorize';
import { momentIn, windowAt } from './window';

/** What has drifted, and what an apply would do about it. */
export type Drift = Pick<
  ProposedChange,
  'site' | 'at' | 'plan' | 'controllers' | 'bootstrap' | 'schema' | 'clusterTemplates' | 'clusters'
>;

/** Whether a site document lets checks mend anything by themselves. */
export function mendsSomething(onDrift: OnDrift): boolean {
  return Object.values(onDrift).some((policy) => policy !== undefined && policy !== 'tell');
}

/**
 * Why a person has to mend it, in a clause; null if the site document lets a check do so. An apply mends all that it finds: so
 * everything has to be of a kind that may be mended.
 */
export function needsPerson(drift: Drift): string | null {
  const { plan, controllers, bootstrap, schema, clusterTemplates, clusters } = drift;
  const haproxy = controllers.some(({ verdicts }) => verdicts.some(({ thing }) => thing === HAPROXY));
  if (plan.cycle) return 'HAProxy would be cycled, which is never done without a person';
  if (haproxy) return 'HAProxy is not as wanted, which is never mended without a person';
  const [inCloud] = [...(bootstrap ?? []), ...(schema ? [schema] : []), ...clusterTemplates, ...clusters].filter(
    ({ action }) => action === 'missing' || action === 'differs',
  );
  if (inCloud) return `${inCloud.name} is in the cloud, and no controller's`;
  const reasons = controllers.flatMap((one) => one.verdicts.flatMap((verdict) => whyNot(verdict, one.name, drift)));
  return reasons[0] ?? null;
}

type Verdict = ProposedChange['controllers'][number]['verdicts'][number];

function whyNot(found: Verdict, controller: string, { site, at }: Drift): string[] {
  const { waived } = waivedBy(site, { ...found, controller }, at);
  if (waived && !waived.expired) {
    return [`${found.thing} on ${controller} is waived until ${waived.until}, and an apply would mend it, too`];
  }
  const kind = DRIFT_KINDS.find((one) => one === found.verdict);
  const policy = kind === undefined ? 'tell' : (site.onDrift[kind] ?? 'tell');
  if (policy === 'tell') return [`of ${found.thing} on ${controller} (${told(found)}) people are to be told`];
  if (policy === 'mend' || !site.changeWindow) return [];
  const window = windowAt(site.changeWindow, Date.parse(at));
  if (window.open) return [];
  return [`the change window is closed: it opens next on ${momentIn(site.changeWindow.timeZone, window.opensAt)}`];
}
