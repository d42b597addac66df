import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeOf } from '../../domain/commands/node';
import { mapAll } from '../../domain/non-empty';
import { type Link, realClock } from '../../domain/world';
import { magnumRule } from '../../domain/config/iptables';
import { managedFiles } from '../../domain/controller/managed-files';
import { Secrets } from '../../domain/secrets/secrets';
import type { Controller, Site } from '../../domain/site/document';
import { childrenOf, print } from '../../local/simulated-site/cib';
import { CrmMon } from '../../local/simulated-site/crm-mon';
import { GENERATIONS } from '../../local/simulated-site/generations';
import { Network } from '../../local/simulated-site/network';
import { Pacemaker } from '../../local/simulated-site/pacemaker';
import { SiteRecord } from '../../local/simulated-site/record';
import { timings } from '../../local/simulated-site/timings';
import { virtualClock } from '../../local/virtual-clock';

/** How long pacemaker's own program takes at least, in seconds. */
const CRM_MON_SECONDS = 0.02;

/** A managed file as it should be on a controller. */
export interface DesiredFile {
  readonly path: string;
  readonly content: string;
}

/** A site like the golden one, with this many controllers. */
export function siteOf(golden: Site, controllers: number): Site {
  const [first] = golden.controllers;
  const network = golden.managementNetwork.replace(/\.\d+\/\d+$/, '');
  return {
    ...golden,
    controllers: mapAll([first, ...Array.from({ length: controllers - 1 }, () => first)], (one, index) => ({
      ...one,
      name: `node-${index + 1}`,
      address: `${network}.${index + 11}`,
    })),
  };
}

/**
 * Makes of a lab's seeds controllers on which nothing is to change, so light that many fit on a machine: real sshd,
 * firewall and HAProxy, but no cluster, of which only its programs' answers are left, and Magnum's processes in name.
 *
 * @param seeds the directory of the seeds, one for each host
 * @returns the managed files of each controller, by its name
 */
export async function settle(
  seeds: string,
  site: Site,
  secrets: Readonly<Record<string, string>>,
): Promise<Map<string, readonly DesiredFile[]>> {
  const answers = clusterAnswers(site);
  const all = new Map<string, readonly DesiredFile[]>();
  for (const controller of site.controllers) {
    const root = join(seeds, controller.name, 'root');
    const desired = await desiredFiles(root, controller, site, secrets);
    all.set(controller.name, desired);
    const write = (path: string, content: string, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
      chmodSync(join(root, path), mode);
    };
    rmSync(join(root, 'etc/corosync'), { recursive: true });
    for (const { path, content } of desired) write(path, content);
    for (const [program, answer] of Object.entries(answers)) {
      write(`/usr/share/answers/${program}.xml`, answer);
      const sleep = program === 'crm_mon' ? `sleep ${CRM_MON_SECONDS}\n` : '';
      write(`/usr/sbin/${program}`, `#!/bin/sh\n${sleep}exec cat /usr/share/answers/${program}.xml\n`, 0o755);
    }
    write('/etc/haproxy/one.cfg', oneListener(site));
    write('/usr/sbin/lab-boot', boot(site, desired), 0o755);
  }
  return all;
}

/** Magnum's rule as the words after `-I INPUT n`, by option. */
export function ruleOptions(site: Site): ReadonlyMap<string, string> {
  const words = magnumRule(site);
  return new Map(words.flatMap((word, index) => (word.startsWith('-') ? [[word, words[index + 1] ?? '']] : [])));
}

/** The desired files, made by the product's own code from those of the packages. */
async function desiredFiles(
  root: string,
  controller: Controller,
  site: Site,
  secrets: Readonly<Record<string, string>>,
): Promise<DesiredFile[]> {
  const link: Link = {
    ready: Promise.resolve(),
    execute: (_, { argv }) => {
      const path = join(root, argv.at(-1) ?? '');
      return Promise.resolve(
        existsSync(path)
          ? { exitCode: 0, stdout: readFileSync(path, 'utf8'), stderr: '' }
          : { exitCode: 1, stdout: '', stderr: 'No such file or directory' },
      );
    },
    tunnel: () => Promise.reject(new Error('There is no network yet')),
  };
  const node = nodeOf({
    site,
    controller,
    link: () => Promise.resolve(link),
    world: { clock: realClock, log: () => undefined },
  });
  const files = await managedFiles(node, new Secrets(new Map(Object.entries(secrets))));
  return [files.magnumConf, files.fragment, files.rules ?? []]
    .flat()
    .map(({ path, desired }) => ({ path, content: desired }));
}

/** What pacemaker's programs print if its cluster is well, by program. */
function clusterAnswers(site: Site): Record<string, string> {
  const clock = virtualClock();
  const agent = { start: () => true, stop: () => true, runsHaproxy: true, now: () => clock.now() };
  const agents = new Map(site.controllers.map(({ name }) => [name, agent]));
  const network = new Network({ virtualIps: [site.virtualIp], aliases: [] }, timings(), clock, new SiteRecord());
  const generation = GENERATIONS['debian-12'];
  const pacemaker = new Pacemaker({
    ...{ generation, agents, network, clock },
    resource: site.haproxy.resource,
    timings: timings(),
  });
  const view = pacemaker.view(site.controllers[0].name);
  if (!view) throw new Error('The simulated cluster does not run');
  return {
    crm_mon: new CrmMon(generation).xml(pacemaker, view, 'crm_mon -1 -r --output-as=xml'),
    cibadmin: childrenOf(view.cib.root, 'constraints')
      .map((one) => print(one))
      .join(''),
  };
}

/** All listeners on all controllers would check all servers all the time. One is enough for HAProxy to run. */
function oneListener({ virtualIp }: Site): string {
  return `listen keystone-1
  bind ${virtualIp}:5000
  mode http
  http-request return status 200
  timeout client 1m
  timeout server 1m
`;
}

function boot({ virtualIp, haproxy, magnum, persistentRules }: Site, files: readonly DesiredFile[]): string {
  const services = [magnum.apiService, magnum.conductorService];
  return `#!/bin/bash
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
umount -l /.old
rmdir /.old
# Nothing that runs is older than its configuration.
touch -d '1 hour ago' ${files.map(({ path }) => path).join(' ')}
ip addr add ${virtualIp}/32 dev lo
iptables-restore ${persistentRules}
service ssh start
haproxy -D -f ${haproxy.configFile} -f /etc/haproxy/one.cfg
${services.map((service) => `(exec -a /usr/bin/${service} sleep infinity) &\n`).join('')}exec sleep infinity
`;
}
