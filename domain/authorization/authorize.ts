import type { BootstrapItem } from '../bootstrap/item';
import type { Plan } from '../controller/plan';
import { MagnumHaError } from '../errors';
import type { ClusterResult } from '../openstack/clusters';
import type { TemplateResult } from '../openstack/templates';
import type { Site } from '../site/document';
import { type Forecast, forecastOf, type MeasuredOutage } from './forecast';
import { momentIn, windowAt } from './window';

/** An apply would change something while the site's change window is closed. */
export class OutsideChangeWindow extends MagnumHaError {
  override readonly name = 'OutsideChangeWindow';
}

/** An apply would cycle HAProxy for longer than the site's outage budget. */
export class OutageBudgetExceeded extends MagnumHaError {
  override readonly name = 'OutageBudgetExceeded';
}

/** What an apply has found that it would change, before it has touched anything. */
export interface ProposedChange {
  readonly site: Site;
  /** Now, ISO 8601. */
  readonly at: string;
  /** Why it may be done outside the change window; null if nobody said so. */
  readonly outsideWindow: string | null;
  readonly plan: Plan;
  readonly bootstrap: readonly BootstrapItem[] | null;
  readonly schema: BootstrapItem | null;
  readonly clusterTemplates: readonly TemplateResult[];
  readonly clusters: readonly ClusterResult[];
  /** The site's last one; null if none is known. */
  readonly lastOutage: MeasuredOutage | null;
}

/** By what an apply was allowed to change something. */
export interface Authorization {
  /** ISO 8601. */
  readonly at: string;
  /** Null if the site document has none. */
  readonly changeWindow: 'open' | 'closed' | null;
  /** The reason for which it was done outside the change window; null if it was not. */
  readonly outsideWindow: string | null;
  /** Null if HAProxy was not to be cycled. */
  readonly forecast: Forecast | null;
}

/** Whether an apply on this site needs an authorization before it changes something. */
export function needsAuthorization({ changeWindow, haproxy }: Pick<Site, 'changeWindow' | 'haproxy'>): boolean {
  return changeWindow !== undefined || haproxy.outageBudgetMs !== undefined;
}

/**
 * Authorizes a change, by the site document.
 *
 * @throws OutsideChangeWindow, OutageBudgetExceeded
 */
export function authorize(change: ProposedChange): Authorization {
  const { site, at, plan, lastOutage } = change;
  const window = windowState(change);
  const forecast = plan.cycle ? forecastOf(lastOutage) : null;
  const { outageBudgetMs = Infinity } = site.haproxy;
  if (forecast && forecast.ms > outageBudgetMs) {
    throw new OutageBudgetExceeded(
      `Site ${site.name}: HAProxy would be cycled, and everything behind the VIP ${site.virtualIp} be down for ${forecast.ms} ms ` +
        `(${forecast.basis}); the budget is ${outageBudgetMs} ms. Nothing of it was done. If that is well, raise ` +
        `haproxy.outageBudgetMs in the site document, and start again. An apply would do:\n${wouldDo(change)}`,
    );
  }
  return { at, ...window, forecast };
}

function windowState(change: ProposedChange): Pick<Authorization, 'changeWindow' | 'outsideWindow'> {
  const { site, at, outsideWindow } = change;
  if (!site.changeWindow) return { changeWindow: null, outsideWindow: null };
  const state = windowAt(site.changeWindow, Date.parse(at));
  if (state.open) return { changeWindow: 'open', outsideWindow: null };
  if (outsideWindow !== null) return { changeWindow: 'closed', outsideWindow };
  throw new OutsideChangeWindow(
    `Site ${site.name}: its change window is closed. It opens next on ${momentIn(site.changeWindow.timeZone, state.opensAt)}, for ` +
      `${site.changeWindow.minutes} minutes. Nothing of it was done. Start again then; if it cannot wait, start it with ` +
      `"outsideWindow": "why", which is put on record (magnum-ha start ${site.name} --mode apply --outside-window "why"). An ` +
      `apply would do:\n${wouldDo(change)}`,
  );
}

/** What an apply would do, as far as it was looked at: one thing a line. */
function wouldDo({ plan, bootstrap, schema, clusterTemplates, clusters }: ProposedChange): string {
  const items = [...(bootstrap ?? []), ...(schema ? [schema] : []), ...clusterTemplates, ...clusters]
    .filter(({ action }) => action === 'missing' || action === 'differs')
    .map(({ name, action }) => `${name}: ${action === 'missing' ? 'create' : 'change, as far as it can be changed'}`);
  return [...plan.summary, ...items].map((line) => `- ${line}`).join('\n');
}
