import { readByWhom } from '../domain/controller/plan';
import type { ClusterReport, ControllerReport, Report } from '../domain/report/report';
import type { Style } from './style';

/** A report as a person reads it: what was found, what was changed, what was observed afterwards. */
export function reportText(report: Report, style: Style): string {
  const { findings, controllers, outageMs, blastRadius, verification, clusterTemplates, clusters } = report;
  return [
    style('bold', `Report: site ${report.site}, mode ${report.mode}: ${report.outcome}`),
    style('dim', `${report.execution}, ${report.startedAt} to ${report.reportedAt}`),
    findingsText(findings, style),
    ...section(
      'Bootstrap',
      (report.bootstrap ?? []).map(
        ({ name, action, detail }) => `${name}: ${action}${detail === undefined ? '' : `. ${detail}`}`,
      ),
    ),
    ...section('HAProxy', report.leftDisabled ? ['had been left disabled, and was enabled before anything else'] : []),
    ...section('Plan', report.plan),
    ...controllers.flatMap((one) => section(`Controller ${one.name}`, controllerLines(one, report.mode, style))),
    ...section('Outage', outageMs === null ? [] : [`${outageMs} ms without an answer of the VIP`]),
    ...section(
      report.mode === 'check' ? 'Would be down while HAProxy is cycled' : 'Down while HAProxy was cycled',
      blastRadius
        ? [
            ...blastRadius.resources.map((id) => `pacemaker resource ${id} (${readByWhom(blastRadius.readBy)})`),
            ...blastRadius.listeners.map((listener) => `listener ${listener}`),
          ]
        : [],
    ),
    ...section(
      'Services',
      verification
        ? [
            ...verification.apis.map(
              ({ name, address, answers }) =>
                `Magnum API of ${name} (${address}): ${answers ? 'answers' : style('red', 'no answer')}`,
            ),
            ...verification.conductors.map(
              ({ id, host, state, heartbeatAt }) =>
                `magnum-conductor ${host === null ? (id ?? 'without a host') : `of ${host}`}: ${state}, last heartbeat ${new Date(heartbeatAt * 1000).toISOString()}`,
            ),
          ]
        : [],
    ),
    ...section(
      'Cluster templates',
      (clusterTemplates ?? []).map(
        ({ name, uuid, action, differences }) => `${identified(name, uuid)}: ${action}${differencesText(differences)}`,
      ),
    ),
    ...section('Clusters', (clusters ?? []).map(clusterText)),
    ...(clusters ? [] : ['', 'Cluster templates and clusters were not compared: the controllers come first.']),
    '',
  ]
    .filter((part, index, all) => !(part === '' && all[index - 1] === ''))
    .join('\n');
}

/** The findings, one a line under their heading; empty if there are none. */
export function findingsText(findings: Report['findings'], style: Style): string {
  const lines = findings.map(({ name, severity, evidence, remedy }) => {
    const mark = style(severity === 'error' ? 'red' : 'yellow', severity);
    return `${mark} ${name}: ${evidence} ${style('dim', `→ ${remedy}`)}`;
  });
  return section('Findings', lines).join('\n');
}

function clusterText({
  name,
  uuid,
  action,
  status,
  managers,
  workers,
  apiAddress,
  differences,
}: ClusterReport): string {
  const address = apiAddress === undefined ? '' : `, its API at ${apiAddress}`;
  const size = `${managers} managers + ${workers} workers`;
  return `${identified(name, uuid)}: ${action}, ${status ?? 'absent'}, ${size}${address}${differencesText(differences)}`;
}

function identified(name: string, uuid: string | undefined): string {
  return uuid === undefined ? name : `${name} (${uuid})`;
}

function controllerLines(one: ControllerReport, mode: string, style: Style): string[] {
  const verb = mode === 'check' ? 'differs' : 'changed';
  return [
    ...one.files.flatMap(({ path, state, diff }) => [
      `${path}: ${state === 'absent' ? `${verb} (was absent)` : verb}`,
      ...diff.map((text) => `  ${style(text.startsWith('+') ? 'green' : text.startsWith('-') ? 'red' : 'dim', text)}`),
    ]),
    ...(one.firewall === 'differs' ? [`firewall rule: ${verb}`] : []),
    ...(one.restarted
      ? [`restarted ${one.restarted.services.join(' and ')}, back after ${one.restarted.seconds} s`]
      : []),
  ];
}

function differencesText(differences: readonly { field: string; found: unknown; wanted: unknown }[]): string {
  return differences
    .map(({ field, found, wanted }) => `; ${field}: ${JSON.stringify(found)} → ${JSON.stringify(wanted)}`)
    .join('');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', `${title}:`, ...lines.map((text) => `  ${text}`)] : [];
}
