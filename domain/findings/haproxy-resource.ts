import type { ClusterShell } from '../commands/platform';
import {
  type Disabled,
  disabledBy,
  endsByEnabling,
  type Hindrance,
  hindrances,
  unmanagedBy,
} from '../pacemaker/causes';
import type { Cib, Resource } from '../pacemaker/cib';
import { startedOn } from '../pacemaker/cluster';
import { mayRunOn } from '../pacemaker/location';
import { matchNodes, type NodeNames, runsElsewhere, unlikeNames } from '../pacemaker/node-names';
import { described, remedy } from '../pacemaker/remedies';
import { isSupported, resourceForm, type SupportedForm, whyUnsupported } from '../pacemaker/resource-form';
import type { ClusterStatus } from '../pacemaker/status';
import { whyNotRollable } from '../pacemaker/ways';
import type { Site } from '../site/document';
import type { FindingName } from './catalogue';
import type { Finding } from './finding';

/** What is known of HAProxy's resource. */
export interface ResourceChecks {
  readonly findings: readonly Finding[];
  /** Whether it is disabled. */
  readonly disabled: boolean;
}

/**
 * What keeps pacemaker from running HAProxy on every controller of the document, and on no other, each with what ends it.
 *
 * @param shell in whose words
 */
export function checkResource(cib: Cib, status: ClusterStatus, site: Site, shell: ClusterShell): ResourceChecks {
  const id = site.haproxy.resource;
  const form = resourceForm(cib, id);
  if (!isSupported(form)) {
    const name = form.kind === 'unknown' ? 'HAProxyResourceUnknown' : 'HAProxyResourceUnsupported';
    return { findings: [error(name, whyUnsupported(form, id))], disabled: false };
  }
  const { primitive } = form;
  const names = matchNodes(
    status.nodes.map(({ name }) => name),
    site.controllers.map(({ name }) => name),
  );
  const unlike = unlikeNames(names);
  const by = disabledBy(cib, primitive);
  const disabled = status.disabled ?? by !== undefined;
  const scene: Scene = { cib, status, primitive, names, shell, disabled };
  const unmanaged = notManaged(scene);
  return {
    findings: [
      ...(unlike ? [error('ControllerUnknownToPacemaker', unlike)] : notInDocument(scene)),
      ...(by !== undefined && by !== 'unknown' ? notEnabled(by, form, shell) : []),
      ...(site.haproxy.update === 'rolling' ? notRollable(scene, form) : []),
      // What pacemaker does not manage it does not start either.
      ...(unmanaged.length > 0 ? unmanaged : notRunning(scene)),
    ],
    disabled,
  };
}

interface Scene {
  readonly cib: Cib;
  readonly status: ClusterStatus;
  readonly primitive: Resource;
  readonly names: NodeNames;
  readonly shell: ClusterShell;
  readonly disabled: boolean;
}

/** Nodes on which HAProxy runs, or could run, without a Magnum to send requests to. */
function notInDocument({ cib, status, primitive, names }: Scene): Finding[] {
  const running = runsElsewhere(status, names);
  const kinds = new Map(cib.nodes.map(({ name, attributes }) => [name, attributes.get('#kind')]));
  const allowed = mayRunOn(cib, primitive).filter(
    (node) => names.others.includes(node) && !running.includes(node) && kinds.get(node) === 'cluster',
  );
  const remedy = 'Add it to controllers: Magnum would be gone as soon as the VIP moves there.';
  return [
    ...running.map((node) =>
      error('ControllerMissingInDocument', {
        evidence: `HAProxy runs on ${node}, which the document does not name`,
        remedy,
      }),
    ),
    ...allowed.map((node): Finding => ({
      name: 'ControllerMissingInDocument',
      severity: 'warning',
      evidence: `Pacemaker may start HAProxy on ${node}, which the document does not name`,
      remedy: `${remedy} Or keep HAProxy off it by a location constraint.`,
    })),
  ];
}

function notRollable({ cib, status, names }: Scene, form: SupportedForm): Finding[] {
  return whyNotRollable(cib, status, names, form).map((evidence) =>
    error('HAProxyNotRollable', { evidence, remedy: 'Set haproxy.update to cycle, or to reload.' }),
  );
}

/** Of a target role that enabling HAProxy does not end. */
function notEnabled(by: Disabled, form: SupportedForm, shell: ClusterShell): Finding[] {
  if (endsByEnabling(by, form)) return [];
  const { primitive } = form;
  return [
    error('HAProxyResourceDisabled', {
      evidence: `Pacemaker keeps ${primitive.id} stopped everywhere: ${described(by, primitive.id)}`,
      remedy: `End that first: ${remedy(by, primitive.id, shell)}`,
    }),
  ];
}

function notManaged({ cib, status, primitive: { id }, primitive, names, shell }: Scene): Finding[] {
  const ours = new Set(names.nodeOf.values());
  return unmanagedBy(cib, primitive, status)
    .filter((cause) => !('node' in cause) || ours.has(cause.node))
    .map((cause) =>
      error(cause.by === 'blocked' ? 'HAProxyResourceFailed' : 'HAProxyResourceUnmanaged', {
        evidence: `Pacemaker does not act on ${id}: ${described(cause, id)}`,
        remedy: `End that first: ${remedy(cause, id, shell)}`,
      }),
    );
}

function notRunning({ cib, status, primitive: { id }, primitive, names, shell, disabled }: Scene): Finding[] {
  const without = [...names.nodeOf].filter(([controller]) => !startedOn(status, controller));
  if (without.length === 0) return [];
  const nodes = new Set(without.map(([, node]) => node));
  const causes = hindrances(cib, primitive, status).filter((cause) => !('node' in cause) || nodes.has(cause.node));
  const explained = (node: string) => causes.some((cause) => !('node' in cause) || cause.node === node);
  const failedOn = new Set(status.instances.filter(({ failed }) => failed).flatMap((one) => one.nodes));
  const cleanup = remedy({ by: 'fail-count', node: '', resource: id, count: 0 }, id, shell);
  const unexplained = without.filter(([, node]) => !explained(node));
  const failed = unexplained.filter(([, node]) => failedOn.has(node)).map(([controller]) => controller);
  // While it is disabled it runs nowhere, and nothing needs to be wrong.
  const silent = disabled
    ? []
    : unexplained.filter(([, node]) => !failedOn.has(node)).map(([controller]) => controller);
  const look = `Look at crm_mon -1 -r, mend the cause, then: ${cleanup}`;
  // Where it serves on elsewhere, an apply has it started again without an outage.
  const only = !disabled && without.length < names.nodeOf.size && causes.every(({ by }) => by === 'fail-count');
  return [
    ...causes.map((cause) => (only ? toStart(cause, id) : hindered(cause, id, shell))),
    ...(failed.length > 0
      ? [error('HAProxyResourceFailed', { evidence: `${id} failed on ${failed.join(', ')}`, remedy: look })]
      : []),
    ...(silent.length > 0
      ? [error('HAProxyNotRunning', { evidence: `${id} does not run on ${silent.join(', ')}`, remedy: look })]
      : []),
  ];
}

function hindered(cause: Hindrance, id: string, shell: ClusterShell): Finding {
  const where = 'node' in cause ? ` on ${cause.node}` : '';
  return error(cause.by === 'fail-count' ? 'HAProxyResourceFailed' : 'HAProxyNotRunning', {
    evidence: `Pacemaker does not start ${id}${where}: ${described(cause, id)}`,
    remedy: `End that first: ${remedy(cause, id, shell)}`,
  });
}

/** It failed as often as it may: an apply makes pacemaker try again. */
function toStart(cause: Hindrance, id: string): Finding {
  const on = 'node' in cause ? cause.node : '';
  return {
    name: 'HAProxyResourceFailed',
    severity: 'warning',
    evidence: `Pacemaker does not start ${id} on ${on}: ${described(cause, id)}`,
    remedy: `An apply makes pacemaker try again there, without an outage. If it fails again, look at crm_mon -1 -r and HAProxy's log on ${on}.`,
  };
}

function error(name: FindingName, { evidence, remedy }: Pick<Finding, 'evidence' | 'remedy'>): Finding {
  return { name, severity: 'error', evidence, remedy };
}
