import { catalogue } from '../../domain/commands/catalogue';
import { BAN } from '../../domain/commands/disable';
import { lockItems } from '../deploy';
import type { Deployment } from '../emulator/aws/deployment';
import type { SimulatedSite } from '../simulated-site';
import type { SimulatedController } from '../simulated-site/controller';

/** A managed file as it lies there. */
export interface FileFacts {
  readonly content: string;
  /** `magnum:magnum 640`. */
  readonly access: string;
}

/** What is to be seen on one controller. */
export interface ControllerFacts {
  /** By path; those that are there. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** The rules of INPUT in the kernel. */
  readonly rules: string;
  /** Services that do not run, or began before their file was last changed; HAProxy likewise. */
  readonly behind: readonly string[];
  /** Files of an unfinished commit. */
  readonly litter: readonly string[];
}

/** What is to be seen on a site, at one moment. */
export interface SiteFacts {
  readonly controllers: Readonly<Record<string, ControllerFacts>>;
  readonly haproxyDisabled: boolean;
  /** Whether a ban of the workflow's own is left in pacemaker's configuration. */
  readonly haproxyBanned: boolean;
  readonly clusterTemplates: readonly string[];
  readonly clusters: readonly string[];
  /** What there is of Magnum in the database, RabbitMQ and Keystone. */
  readonly accounts: string;
}

/** Looks at the site itself, past everything that an execution says of it. */
export function factsOf(site: SimulatedSite): SiteFacts {
  const { openstack, pacemaker } = site;
  const { database, rabbitmq, identity } = openstack.backing;
  const controllers = [...site.controllers].map(([name, one]) => [name, controllerFacts(site, one)] as const);
  return {
    controllers: Object.fromEntries(controllers),
    haproxyDisabled: pacemaker.disabled,
    haproxyBanned: pacemaker.find('rsc_location', BAN) !== undefined,
    clusterTemplates: openstack.clusterTemplates.map(({ name, image_id: image }) => `${name} ${image}`).sort(),
    clusters: openstack.clusters
      .map(({ name, node_count: nodes, status }) => `${name} ${nodes} ${status.replace(/^.*_/, '')}`)
      .sort(),
    accounts: JSON.stringify([
      [...database.databases],
      [...database.users],
      [...database.grants].sort(),
      [...rabbitmq.users.keys()],
      [...rabbitmq.permissions],
      identity.users.map((user) => user.name).sort(),
      openstack.catalogue.map(({ type }) => type).sort(),
    ]),
  };
}

function controllerFacts({ document }: SimulatedSite, controller: SimulatedController): ControllerFacts {
  const { files, input, services, processes } = controller;
  const { magnumConf, fragment, rules } = catalogue(document).files;
  const { apiService, conductorService } = document.magnum;
  const managed = [magnumConf, fragment, rules].flatMap(({ path }) => {
    const file = files.files.get(path);
    if (!file) return [];
    const access = `${file.owner}:${file.group} ${file.mode.toString(8)}`;
    return [[path, { content: file.content, access }] as const];
  });
  // Of what was begun in the same second nobody can tell which came first, and a time of change in the future tells nothing.
  const since = (path: string) => {
    const { modified = 0 } = files.files.get(path) ?? {};
    return modified > controller.now() ? 0 : Math.floor(modified / 1000) * 1000;
  };
  const isBehind = (startedAt: number | undefined, path: string) => startedAt === undefined || startedAt < since(path);
  const haproxy = processes.find(({ name }) => name === 'haproxy');
  return {
    files: Object.fromEntries(managed),
    rules: input.print(),
    behind: [
      ...[apiService, conductorService].filter((name) => isBehind(services.get(name)?.startedAt, magnumConf.path)),
      ...(isBehind(haproxy?.startedAt, fragment.path) ? ['haproxy'] : []),
    ],
    litter: [...files.files.keys(), ...files.directories.keys()].filter((path) =>
      /^\/etc\/magnum-ha\/[^/]+\/staged/.test(path),
    ),
  };
}

/** Where they differ, in words; none if they are alike. */
export function differences(found: SiteFacts, wanted: SiteFacts): string[] {
  const { controllers, ...others } = found;
  const ofSite = (Object.keys(others) as (keyof typeof others)[]).flatMap((field) =>
    JSON.stringify(found[field]) === JSON.stringify(wanted[field]) ? [] : [`${field} differ`],
  );
  const ofControllers = Object.entries(controllers).flatMap(([name, one]) => {
    const other = wanted.controllers[name];
    if (!other) return [];
    return [
      ...Object.keys({ ...one.files, ...other.files }).flatMap((path) => {
        const [is, should] = [one.files[path], other.files[path]];
        if (is?.content !== should?.content) return [`${path} on ${name} differs`];
        return is?.access === should?.access ? [] : [`${path} on ${name} is ${is?.access ?? ''}`];
      }),
      ...(one.rules === other.rules ? [] : [`rules on ${name} differ`]),
      ...one.behind.map((what) => `${what} on ${name} is down or behind its file`),
      ...one.litter.map((path) => `${path} on ${name} is left`),
    ];
  });
  return [...ofSite, ...ofControllers];
}

/** Who holds the lock, if anybody does: part of what an apply comes upon. */
export function lockedBy(deployment: Deployment): string {
  return JSON.stringify(lockItems(deployment).map(({ owner }) => owner));
}
