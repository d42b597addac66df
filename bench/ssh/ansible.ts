import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { catalogue } from '../../domain/commands/catalogue';
import { magnumRule } from '../../domain/config/iptables';
import type { Site } from '../../domain/site/document';
import type { Command } from '../../domain/ssh/command';
import { quote } from '../../domain/ssh/command-line';
import { checked } from './checked';
import { type DesiredFile, ruleOptions } from './controllers';

/** Connections at a time: more than there are controllers. */
const FORKS = 50;

/** Installs Debian's Ansible if there is none: outside the labs' network, from which nothing can be reached. */
export async function installAnsible(): Promise<void> {
  if (['ansible-playbook', 'ssh'].every((program) => existsSync(`/usr/bin/${program}`))) return;
  console.error("Installing Debian's ansible, once, in about a minute …");
  // The process that started this one in its own network is still in the machine's.
  const apt = ['nsenter', `--target=${process.ppid}`, '--net', '--', 'apt-get'];
  await checked(...apt, 'update');
  await checked(...apt, 'install', '-y', '--no-install-recommends', 'ansible', 'openssh-client');
}

/** Commands that make the same checks; their working directory has to be that of the configuration. */
export interface AnsibleCommands {
  /** By Ansible's modules, as is usual. */
  readonly modules: readonly string[];
  /** All in one task, by a shell: as fast as Ansible gets. */
  readonly shell: readonly string[];
}

/**
 * Writes what an operator who knows Ansible well needs to check a site: playbooks with the checks of the workflow's
 * Inspect controllers, in as few tasks as make sense, and a configuration tuned for speed. Processes and the cluster
 * are only read; to compare them would take more time.
 */
export function writeAnsible(
  directory: string,
  site: Site,
  privateKey: string,
  desired: ReadonlyMap<string, readonly DesiredFile[]>,
): AnsibleCommands {
  const write = (path: string, content: string, mode = 0o644) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content, { mode });
  };
  const { bastion, controllers } = site;
  const hosts = [{ name: 'bastion', address: bastion.host, hostKey: bastion.hostKey }, ...controllers];
  write('key', privateKey, 0o600);
  write('known_hosts', hosts.map(({ address, hostKey }) => `${address} ${hostKey}\n`).join(''));
  write('ssh_config', sshConfig(site, directory));
  write('ansible.cfg', configuration(directory));
  write(
    'inventory.ini',
    ['[controllers]', ...controllers.map(({ name, address }) => `${name} ansible_host=${address}`), ''].join('\n'),
  );
  for (const [name, files] of desired) {
    for (const { path, content } of files) write(`files/${name}/${basename(path)}`, content, 0o600);
  }
  const [files = []] = desired.values();
  const playbooks = { modules: byModules(site, files), shell: byShell(site, desired) };
  for (const [name, tasks] of Object.entries(playbooks)) {
    // JSON is YAML.
    write(`${name}.json`, JSON.stringify([{ hosts: 'controllers', gather_facts: false, tasks }], null, 2));
  }
  return { modules: ['ansible-playbook', 'modules.json'], shell: ['ansible-playbook', 'shell.json'] };
}

function configuration(directory: string): string {
  return `[defaults]
inventory = inventory.ini
forks = ${FORKS}
gathering = explicit
host_key_checking = True
interpreter_python = /usr/bin/python3
local_tmp = ${directory}/tmp
display_ok_hosts = False

[ssh_connection]
pipelining = True
ssh_args = -F ${directory}/ssh_config -o ControlMaster=auto -o ControlPersist=60s
control_path_dir = ${directory}/control
retries = 3
`;
}

function sshConfig({ bastion, ssh }: Site, directory: string): string {
  return `Host ${bastion.host}
  User ${bastion.user}
  Port ${bastion.port}
  ProxyJump none
  ControlMaster auto
  ControlPath ${directory}/control/bastion
  ControlPersist 60s

Host *
  User ${ssh.user}
  ProxyJump ${bastion.host}
  IdentityFile ${directory}/key
  IdentitiesOnly yes
  PreferredAuthentications publickey
  UserKnownHostsFile ${directory}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
`;
}

/** Tasks. None changes a controller. */
function byModules(site: Site, files: readonly DesiredFile[]): object[] {
  const rule = ruleOptions(site);
  return [
    {
      name: 'Managed files',
      ...module('copy', { src: 'files/{{ inventory_hostname }}/{{ item | basename }}', dest: '{{ item }}' }),
      loop: files.map(({ path }) => path),
      check_mode: true,
      diff: true,
    },
    {
      name: 'Rule of the firewall',
      ...module('iptables', {
        chain: 'INPUT',
        source: rule.get('-s'),
        protocol: rule.get('-p'),
        destination_ports: [rule.get('--dports')],
        comment: rule.get('--comment'),
        jump: rule.get('-j'),
      }),
      check_mode: true,
    },
    { name: 'Processes and cluster', ...shell(lines(readings(site))) },
    dependents(site),
  ];
}

function byShell(site: Site, desired: ReadonlyMap<string, readonly DesiredFile[]>): object[] {
  const digest = ({ path, content }: DesiredFile) => `${createHash('sha256').update(content).digest('hex')}  ${path}`;
  const digests = [...desired].map(([name, files]) => [name, files.map(digest).join('\n')] as const);
  return [
    {
      name: 'All',
      vars: { digests: Object.fromEntries(digests) },
      ...shell(
        [
          'sha256sum -c',
          ...lines([{ argv: ['iptables', '-w', '-C', 'INPUT', ...magnumRule(site)] }, ...readings(site)]),
        ],
        '{{ digests[inventory_hostname] }}',
      ),
    },
    dependents(site),
  ];
}

/** What is only read on each controller. */
function readings(site: Site) {
  const { date, magnumConfModified, fragmentModified, processes, clusterStatus } = catalogue(site);
  return [date, magnumConfModified, fragmentModified, processes, clusterStatus];
}

/** What is only read on one. */
function dependents(site: Site): object {
  const { haproxySections, cib } = catalogue(site);
  return { name: 'What depends on HAProxy', ...shell(lines([haproxySections, cib])), run_once: true };
}

function lines(commands: readonly Pick<Command, 'argv'>[]): string[] {
  return commands.map(({ argv }) => argv.map(quote).join(' '));
}

/** A task that runs lines of a shell until one fails. */
function shell(all: readonly string[], stdin?: string): object {
  return { ...module('shell', { cmd: all.join(' &&\n'), stdin }), changed_when: false };
}

function module(name: string, args: object): object {
  return { [`ansible.builtin.${name}`]: args };
}
