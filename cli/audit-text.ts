import type { Audit } from '../domain/audit/audit';
import { type AuditedController, type Change, doneWith, updatedText } from '../domain/audit/controllers';
import { isLook } from '../domain/audit/look';
import { lengthOf } from '../domain/audit/outages';
import { forecastLine } from '../domain/authorization/forecast';
import { releaseText } from '../domain/release';
import { count, listed } from '../domain/audit/verdict';
import { readByWhom } from '../domain/controller/plan';
import { verdictLine } from '../domain/report/telling';
import { startedByText } from '../domain/site/started-by';
import type { Style } from './style';

const COLOURS = {
  unchanged: 'green',
  changed: 'green',
  waived: 'green',
  drift: 'yellow',
  running: 'yellow',
  skipped: 'yellow',
  refused: 'red',
  failed: 'red',
  'rolled-back': 'red',
} as const;

/** An execution as a person reads it: the result, the outage and what to do first, then what was found and done. */
export function auditText(audit: Audit, style: Style): string {
  const { verdict, site, mode, execution, failure, down, record, cost } = audit;
  const result = `${site || 'unknown site'}, ${mode || 'unknown mode'}: ${verdict.outcome}. ${verdict.words}`;
  return [
    style(COLOURS[verdict.outcome], result),
    outageText(audit),
    ...(verdict.todo.length === 0 ? ['Nothing to do.'] : verdict.todo.map((line) => style('bold', line))),
    ...section('Failure', failure ? [`${style('red', failure.error)}: ${failure.cause}`] : []),
    // The cause of a refusal has them, each with its remedy.
    ...(verdict.outcome === 'refused' ? [] : section('Findings', findingLines(audit, style))),
    ...section(
      'Bootstrap',
      audit.bootstrap.map(({ name, action, detail }) => [`${name}: ${action}`, detail].filter(Boolean).join('. ')),
    ),
    ...section('HAProxy', audit.leftDisabled ? ['had been left disabled, and was enabled before anything else'] : []),
    ...section('Found', audit.verdicts.filter(({ verdict }) => verdict !== 'as wanted').map(verdictLine)),
    ...section('Planned, and why', audit.plan),
    ...section(
      'Changes',
      audit.changes.flatMap((change) => changeLines(change, mode, style)),
    ),
    ...section(
      'Controllers',
      audit.controllers.flatMap((one) => controllerLine(one, mode)),
    ),
    ...section(
      audit.outages.length === 0 ? 'Would be down while HAProxy is cycled' : 'Down while HAProxy was cycled',
      down
        ? [
            ...down.resources.map((id) => `pacemaker resource ${id} (${readByWhom(down.readBy)})`),
            ...down.listeners.map((one) => `listener ${one}`),
          ]
        : [],
    ),
    ...section('How long the VIP would not answer, by haproxy.update', audit.forecasts.map(forecastLine)),
    ...section('Services', serviceLines(audit, style)),
    ...section(
      'Cluster templates',
      audit.clusterTemplates.map((one) => `${identified(one)}: ${one.action}${differences(one)}`),
    ),
    ...section('Clusters', audit.clusters.map(clusterLine)),
    ...section('Record', [
      execution.arn,
      `${execution.startedAt} to ${execution.endedAt ?? 'now'}`,
      `started by: ${startedByText(execution.startedBy)}; input ${execution.input}`,
      `magnum-ha: ${releaseText(audit.release)}`,
      `document: ${audit.document ? `version ${audit.document.version}; SHA-256 ${audit.document.sha256}` : 'was not read'}`,
      `${record.events} events${isLook(execution.arn) ? ', as the look told them: an Express execution has no history' : ''}, ${record.missing.length === 0 ? 'none missing' : `missing: ${record.missing.join(', ')}`}; SHA-256 ${record.sha256}`,
      `${count(cost.transitions, 'transition')}, ${cost.gigabyteSeconds.toFixed(1)} GB-s: about $${cost.dollars.toFixed(4)} (${cost.prices.region}, prices of ${cost.prices.asOf})`,
    ]),
    '',
  ].join('\n');
}

function outageText({ outages, mode, down }: Audit): string {
  if (outages.length === 0) return `Outage: none${mode === 'check' && down ? '; an apply would cycle HAProxy' : ''}.`;
  return outages
    .map((outage) => {
      const { from, to } = outage;
      return `Outage: ${lengthOf(outage)}, from ${from ?? 'before this execution'} to ${to ?? 'after its last look'}.`;
    })
    .join('\n');
}

function findingLines({ findings }: Audit, style: Style): string[] {
  return findings.map(({ name, severity, evidence, remedy }) => {
    const mark = style(severity === 'error' ? 'red' : 'yellow', severity);
    return `${mark} ${name}: ${evidence} ${style('dim', `→ ${remedy}`)}`;
  });
}

function changeLines(one: Change, mode: string, style: Style): string[] {
  const { path, state, diff, controllers } = one;
  const done = doneWith(one, mode);
  return [
    `${path}: ${done}${state === 'absent' ? ' (was missing)' : ''}, on ${listed(controllers)}`,
    ...diff.map((line) => `  ${coloured(line, style)}`),
  ];
}

/** Old red, new green. */
function coloured(line: string, style: Style): string {
  if (line.startsWith('+')) return style('green', line);
  if (line.startsWith('-')) return style('red', line);
  const [, name = '', before = '', after = ''] = /^(.*?: )(.*) → (.*)$/s.exec(line) ?? [];
  return name === '' ? style('dim', line) : `${name}${style('red', before)} → ${style('green', after)}`;
}

function controllerLine(one: AuditedController, mode: string): string[] {
  if (one.state === 'as wanted') return one.restarted ? [`${one.name}: ${restartedText(one)}`] : [];
  const parts = [
    one.firewall === 'differs'
      ? one.firewallChanged
        ? 'firewall rule placed'
        : 'firewall rule missing or misplaced'
      : '',
    one.stale.length > 0 && !one.restarted ? `${one.stale.join(', ')} not running, or older than magnum.conf` : '',
    one.haproxy === 'stale' ? 'HAProxy does not run with its fragment' : '',
    one.haproxy === 'down' && !one.started ? 'HAProxy does not run' : '',
    one.started ? 'HAProxy started' : '',
    one.haproxy === 'disabled' ? 'HAProxy disabled' : '',
    one.toRestart && !one.restarted ? 'services to restart' : '',
    one.toCycle && !one.cycled ? `HAProxy to ${one.update === 'reload' ? 'reload' : 'cycle'}` : '',
    one.haproxyTurn ? `HAProxy ${updatedText(one)}` : '',
    restartedText(one),
  ].filter(Boolean);
  const state = mode === 'check' ? 'differs' : one.state;
  return [`${one.name}: ${state}${parts.length > 0 ? `: ${parts.join('; ')}` : ''}`];
}

function restartedText({ restarted, files, stale }: AuditedController): string {
  if (!restarted) return '';
  const changed = files.some(({ path, state }) => path.endsWith('magnum.conf') && state !== 'same');
  const why = changed
    ? 'magnum.conf changed'
    : stale.length > 0
      ? `${stale.join(' and ')} did not run with it`
      : 'the schema changed';
  return `${restarted.services.join(' and ')} restarted in ${restarted.seconds} s because ${why}`;
}

function serviceLines({ verification }: Audit, style: Style): string[] {
  if (!verification) return [];
  return [
    ...verification.apis.map(
      ({ name, address, answers }) =>
        `Magnum API of ${name} (${address}): ${answers ? 'answers' : style('red', 'no answer')}`,
    ),
    ...verification.conductors.map(
      ({ id, host, state, heartbeatAt }) =>
        `magnum-conductor ${host === null ? (id ?? 'without a host') : `of ${host}`}: ${state}, last heartbeat ${new Date(heartbeatAt * 1000).toISOString()}`,
    ),
  ];
}

function clusterLine(one: Audit['clusters'][number]): string {
  const address = one.apiAddress === undefined ? '' : `, its API at ${one.apiAddress}`;
  const size = `${count(one.managers, 'manager')}, ${count(one.workers, 'worker')}`;
  return `${identified(one)}: ${one.action}, ${one.status ?? 'missing'}, ${size}${address}${differences(one)}`;
}

function identified({ name, uuid }: { readonly name: string; readonly uuid?: string }): string {
  return uuid === undefined ? name : `${name} (${uuid})`;
}

function differences({ differences: all }: Pick<Audit['clusters'][number], 'differences'>): string {
  return all
    .map(({ field, found, wanted }) => `; ${field}: ${JSON.stringify(found)} → ${JSON.stringify(wanted)}`)
    .join('');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', `${title}:`, ...lines.map((text) => `  ${text}`)] : [];
}
