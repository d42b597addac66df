import type { Command } from '../ssh/command';
import type { Platform } from './platform';

/*
 * HAProxy is reloaded by what pacemaker starts and stops it with, so that pacemaker keeps its hand on the process: the new one is
 * in the PID file, or below the same master. The one from before listens no more, and serves its sessions on.
 */

/** The agents that are known to reload HAProxy so. */
export const RELOADING_AGENTS = ['ocf:fuel:ns_haproxy', 'lsb:haproxy', 'systemd:haproxy'] as const;
export type ReloadingAgent = (typeof RELOADING_AGENTS)[number];

export function isReloading(agent: string | undefined): agent is ReloadingAgent {
  return RELOADING_AGENTS.some((one) => one === agent);
}

/** Parameters of Fuel's agent of which its reload would have to know, and does not if it is not run by pacemaker. */
const UNKNOWN_TO_RELOAD = ['conffile', 'binpath', 'extraconf'] as const;

/** Which of them HAProxy's resource has. @param parameters of the resource, by name */
export function unknownToReload(parameters: ReadonlyMap<string, string>): string[] {
  return [...UNKNOWN_TO_RELOAD.filter((name) => parameters.has(name)), ...(parameters.get('ns') === '' ? ['ns'] : [])];
}

/** Why HAProxy cannot be reloaded; undefined if it can. */
export function whyNotReloadable(resource: string, agent: string, unknown: readonly string[]): string | undefined {
  if (!isReloading(agent)) return `${resource} has the agent ${agent}, of which no reload is known`;
  return unknown.length === 0
    ? undefined
    : `${resource} has ${unknown.join(', ')} of its own, which a reload of ${agent} would not know`;
}

/**
 * A file or directory that only root can open, so that nobody else can hold its lock. Two reloads at once would take over from the
 * same process, and one of the two new ones would never be stopped by anybody: the second one waits for the first.
 */
const LOCKED = '/root';

/** Reloads HAProxy on one controller. Exit 0 also where the new process has not taken over yet, as under systemd. */
export function reloadCommand(agent: ReloadingAgent, namespace: Platform['namespace']): Command {
  // HAProxy itself must not hold the lock on: so it is closed (-o) before the agent runs.
  return { argv: ['flock', '-o', LOCKED, ...reloadBy(agent, namespace)], root: true, timeoutSeconds: 30 };
}

function reloadBy(agent: ReloadingAgent, namespace: string | undefined): readonly string[] {
  switch (agent) {
    // As Fuel's own manifests do, for each fragment that they write.
    case 'ocf:fuel:ns_haproxy':
      return [
        ...['env', 'OCF_ROOT=/usr/lib/ocf', ...(namespace === undefined ? [] : [`OCF_RESKEY_ns=${namespace}`])],
        ...['/usr/lib/ocf/resource.d/fuel/ns_haproxy', 'reload'],
      ];
    // The script that pacemaker itself runs.
    case 'lsb:haproxy':
      return ['/etc/init.d/haproxy', 'reload'];
    case 'systemd:haproxy':
      return ['systemctl', 'reload', 'haproxy'];
  }
}
