import { dirname, join } from 'node:path';
import type { Site } from '../site/document';
import { asPath, type Detected } from './detection';
import type { HaproxyProcesses } from './haproxy-processes';
import { isReloading, RELOADING_AGENTS, type ReloadingAgent } from './reload';

/** The shell in which pacemaker is told what to do. */
export type ClusterShell = 'pcs' | 'crmsh';

/** What the programs of a controller can do, as far as commands depend on it. */
export interface Platform {
  /** Version of pacemaker, such as 2.1.5. */
  readonly pacemaker: string;
  readonly shell: ClusterShell;
  /** Version of HAProxy, such as 2.6.12-1. */
  readonly haproxy: string;
  /** How HAProxy reads its fragments: as in the document, or each named on its command line. */
  readonly include: Site['haproxy']['include'] | 'files';
  /** With `files`: what HAProxy is started with besides its main file. */
  readonly fragments?: readonly string[];
  readonly pidFile: string;
  /** The network namespace in which HAProxy runs, if that is one of its own. */
  readonly namespace?: string;
  /** The agent by which HAProxy is reloaded; missing if the document does not want that, or nobody knows how its agent does. */
  readonly reload?: ReloadingAgent;
  /** Names of Magnum's services. */
  readonly apiService: string;
  readonly conductorService: string;
  /** What restarts services. */
  readonly services: 'service' | 'systemctl';
  /** Path or name of the Python that Magnum runs by. */
  readonly python: string;
}

/** The controllers that have the same platform. Most sites have one for all: histories stay short. */
export interface PlatformGroup {
  readonly controllers: readonly string[];
  readonly platform: Platform;
}

/** What was found out about the controllers of a site; nothing is known of those that are missing. */
export type Platforms = readonly PlatformGroup[];

/** The platform that is assumed where nobody has looked: the newest of Debian. */
export function presumedPlatform({ haproxy, magnum }: Site): Platform {
  return {
    pacemaker: '2.1.5',
    shell: 'pcs',
    haproxy: '2.6',
    include: haproxy.include,
    pidFile: '/var/run/haproxy.pid',
    apiService: magnum.apiService,
    conductorService: magnum.conductorService,
    services: 'service',
    python: 'python3',
  };
}

/** Platforms that between them have every command of the supported ones. */
export function everyPlatform(site: Site): Platform[] {
  const newest = presumedPlatform(site);
  const oldest = { ...newest, pacemaker: '1.1.12', shell: 'crmsh', namespace: 'haproxy' } as const;
  const rpm = (name: string) => `openstack-${name.replace(/^openstack-/, '')}`;
  return [
    ...(['service', 'systemctl'] as const).flatMap((services) => [
      { ...newest, services },
      {
        ...oldest,
        services,
        apiService: rpm(site.magnum.apiService),
        conductorService: rpm(site.magnum.conductorService),
      },
    ]),
    ...(site.haproxy.update === 'reload' ? RELOADING_AGENTS.map((reload) => ({ ...oldest, reload })) : []),
  ];
}

/**
 * The platform of a controller. What was not found is taken as presumed: that it is missing is a finding.
 *
 * @param haproxy its processes; undefined if nobody sees them
 */
export function platformOf(
  site: Site,
  found: Detected,
  haproxy: Pick<HaproxyProcesses, 'files' | 'pidFile'> | undefined,
): Platform {
  const files = haproxy?.files ?? [];
  const presumed = presumedPlatform(site);
  const { fragmentDirectory, fragment, configFile } = site.haproxy;
  const named = files.includes(join(fragmentDirectory, fragment));
  const serviceOf = (name: string) => serviceNamed(name, found.services) ?? name;
  const python = ['python3', 'python2', 'python'].find((name) => found.programs.has(name));
  return {
    pacemaker: found.pacemaker ?? presumed.pacemaker,
    shell: found.programs.has('crm') && !found.programs.has('pcs') ? 'crmsh' : 'pcs',
    haproxy: found.haproxy ?? presumed.haproxy,
    include: files.includes(fragmentDirectory)
      ? 'directory'
      : includesFragments(found, site)
        ? 'statement'
        : named
          ? 'files'
          : presumed.include,
    ...(named && { fragments: files.filter((file) => file !== configFile) }),
    pidFile: asPath(haproxy?.pidFile) ?? found.pidFile ?? presumed.pidFile,
    ...(found.namespace === undefined ? {} : { namespace: found.namespace }),
    ...(site.haproxy.update === 'reload' &&
      isReloading(found.agent) &&
      found.unknownToReload.length === 0 && { reload: found.agent }),
    apiService: serviceOf(site.magnum.apiService),
    conductorService: serviceOf(site.magnum.conductorService),
    services: found.programs.has('systemctl') && !found.programs.has('service') ? 'systemctl' : 'service',
    python: found.python ?? python ?? presumed.python,
  };
}

/** Whether haproxy.cfg includes the directory of fragments, as Fuel's HAProxy can. */
export function includesFragments({ includes }: Detected, { haproxy }: Pick<Site, 'haproxy'>): boolean {
  return includes.some((pattern) => {
    const path = pattern.startsWith('/') ? pattern : join(dirname(haproxy.configFile), pattern);
    return dirname(path) === haproxy.fragmentDirectory && /\/\*(\.cfg)?$/.test(path);
  });
}

/** The service of this name, or what RPM packages, or those of Debian, call it; undefined if there is none. */
export function serviceNamed(name: string, services: ReadonlySet<string>): string | undefined {
  return [name, `openstack-${name}`, name.replace(/^openstack-/, '')].find((one) => services.has(one));
}

/** The platform of a controller, as it was found or is presumed. */
export function platformFor(site: Site, platforms: Platforms, controller: string): Platform {
  return platforms.find(({ controllers }) => controllers.includes(controller))?.platform ?? presumedPlatform(site);
}

/** Puts controllers with the same platform together. */
export function grouped(found: readonly { readonly controller: string; readonly platform: Platform }[]): Platforms {
  const groups = new Map<string, { controllers: string[]; platform: Platform }>();
  for (const { controller, platform } of found) {
    const key = JSON.stringify(platform);
    const group = groups.get(key) ?? { controllers: [], platform };
    group.controllers.push(controller);
    groups.set(key, group);
  }
  return [...groups.values()];
}
