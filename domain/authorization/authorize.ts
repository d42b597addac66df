import type { BootstrapItem } from '../bootstrap/item';
import type { ControllerState } from '../controller/inspect';
import type { Plan } from '../controller/plan';
import { MagnumHaError } from '../errors';
import type { ClusterResult } from '../openstack/clusters';
import type { TemplateResult } from '../openstack/templates';
import type { Site } from '../site/document';
import { type Approval, checkApproval, digestOf } from './approval';
import { type Forecast, forecastOf, type MeasuredOutages } from './forecast';
import { needsPerson } from './unattended';
import { momentIn, windowAt } from './window';

/** An apply would change something while the site's change window is closed. */
export class OutsideChangeWindow extends MagnumHaError {
  override readonly name = 'OutsideChangeWindow';
}

/** An apply would cycle HAProxy for longer than the site's outage budget. */
export class OutageBudgetExceeded extends MagnumHaError {
  override readonly name = 'OutageBudgetExceeded';
}

/** An apply that a check started by itself would do more than the site document lets it. */
export class PersonNeeded extends MagnumHaError {
  override readonly name = 'PersonNeeded';
}

/** What an apply has found that it would change, before it has touched anything. */
export interface ProposedChange {
  readonly site: Site;
  /** Now, ISO 8601. */
  readonly at: string;
  /** Why it may be done outside the change window; null if nobody said so. */
  readonly outsideWindow: string | null;
  /** Whether a check started it by itself. */
  readonly unattended: boolean;
  /** ARN of whoever started the apply, as he said; null if he did not. */
  readonly startedBy: string | null;
  /** ARN of the execution. */
  readonly execution: string;
  /** What somebody answered who was asked for an approval; null if nobody was asked yet. */
  readonly approval: unknown;
  readonly plan: Plan;
  readonly controllers: readonly ControllerState[];
  /** Of `Inspection`. */
  readonly contents: string;
  readonly bootstrap: readonly BootstrapItem[] | null;
  readonly schema: BootstrapItem | null;
  readonly clusterTemplates: readonly TemplateResult[];
  readonly clusters: readonly ClusterResult[];
  /** The site's last ones; null if nobody could tell. */
  readonly lastOutages: MeasuredOutages | null;
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
  /** Of the plan, of what was found, and of the site document. */
  readonly digest: string;
  /** Null if the site document asks for none, or as long as there is none. */
  readonly approval: Approval | null;
}

/** What comes of asking for an authorization. */
export interface Authorized {
  readonly authorization: Authorization;
  /** What people are told who are asked for an approval; null if none is needed any more. */
  readonly request: ApprovalRequest | null;
}

/** What people are told who are asked for an approval. */
export interface ApprovalRequest {
  /** 100 characters at most, ASCII. */
  readonly subject: string;
  readonly text: string;
}

/** Whether an apply on this site needs an authorization before it changes something. */
export function needsAuthorization({
  changeWindow,
  haproxy,
  approval,
}: Pick<Site, 'changeWindow' | 'haproxy' | 'approval'>): boolean {
  return changeWindow !== undefined || haproxy.outageBudgetMs !== undefined || approval !== undefined;
}

/**
 * Authorizes a change, by the site document.
 *
 * @throws PersonNeeded, OutsideChangeWindow, OutageBudgetExceeded, ApprovalVoid, ApprovedByStarter
 */
export function authorize(change: ProposedChange): Authorized {
  const { site, at, plan, lastOutages } = change;
  const why = change.unattended ? needsPerson(change) : null;
  if (why !== null) {
    throw new PersonNeeded(
      `Site ${site.name}: a check started this apply by itself, but ${why}. Nothing of it was done. If it is well, start it: ` +
        `magnum-ha start ${site.name} --mode apply. An apply would do:\n${wouldDo(change)}`,
    );
  }
  const window = windowState(change);
  const forecast = plan.cycle ? forecastOf(lastOutages, site.haproxy.update) : null;
  const { outageBudgetMs = Infinity } = site.haproxy;
  if (forecast && forecast.ms > outageBudgetMs) {
    throw new OutageBudgetExceeded(
      `Site ${site.name}: HAProxy would be ${UPDATED[site.haproxy.update]}, and everything behind the VIP ${site.virtualIp} be down for ${forecast.ms} ms ` +
        `(${forecast.basis}); the budget is ${outageBudgetMs} ms. Nothing of it was done. If that is well, raise ` +
        `haproxy.outageBudgetMs in the site document, and start again. An apply would do:\n${wouldDo(change)}`,
    );
  }
  const digest = digestOf(change);
  const needed = site.approval === 'required';
  const approval = needed && change.approval !== null ? checkApproval(change, digest) : null;
  return {
    authorization: { at, ...window, forecast, digest, approval },
    request: needed && !approval ? requestOf(change, forecast, digest) : null,
  };
}

function windowState(change: ProposedChange): Pick<Authorization, 'changeWindow' | 'outsideWindow'> {
  const { site, at, unattended } = change;
  const outsideWindow = unattended ? 'by onDrift of the site document' : change.outsideWindow;
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

function requestOf(change: ProposedChange, forecast: Forecast | null, digest: string): ApprovalRequest {
  const { site, at, execution, startedBy } = change;
  const until = Date.parse(at) + site.approvalMinutes * 60_000;
  const name = execution.split(':').at(-1) ?? '';
  return {
    subject: `magnum-ha: ${site.name}: an apply waits for approval`,
    text: [
      `An apply on site ${site.name}, started by ${startedBy ?? 'somebody who did not say'}, waits for approval until ` +
        `${momentIn(site.changeWindow?.timeZone ?? 'UTC', until)}. It would do:`,
      wouldDo(change),
      ...(forecast
        ? [
            forecast.ms === 0
              ? `Nothing behind the VIP ${site.virtualIp} would be down (${forecast.basis}).`
              : `Everything behind the VIP ${site.virtualIp} would be down for about ${forecast.ms} ms (${forecast.basis}).`,
          ]
        : []),
      '',
      `Every difference:  magnum-ha audit ${name}`,
      `Approve it:        magnum-ha approve ${name} --plan ${digest.slice(0, 12)} --reason "why"`,
      `Reject it:         magnum-ha reject ${name} --reason "why"`,
    ].join('\n'),
  };
}

/** What is done with HAProxy, in a sentence. */
export const UPDATED: Readonly<Record<ProposedChange['site']['haproxy']['update'], string>> = {
  cycle: 'cycled',
  rolling: 'cycled on one controller after another',
  reload: 'reloaded',
};

/** What an apply would do, as far as it was looked at: one thing a line. */
function wouldDo({ plan, bootstrap, schema, clusterTemplates, clusters }: ProposedChange): string {
  const items = [...(bootstrap ?? []), ...(schema ? [schema] : []), ...clusterTemplates, ...clusters]
    .filter(({ action }) => action === 'missing' || action === 'differs')
    .map(({ name, action }) => `${name}: ${action === 'missing' ? 'create' : 'change, as far as it can be changed'}`);
  return [...plan.summary, ...items].map((line) => `- ${line}`).join('\n');
}
