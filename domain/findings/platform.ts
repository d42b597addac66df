import { detect } from '../commands/detect';
import type { Detected } from '../commands/detection';
import { everywhere } from '../commands/everywhere';
import { type ForeignHaproxy, type HaproxyProcesses, haproxyProcesses } from '../commands/haproxy-processes';
import { RELOADING_AGENTS, whyNotReloadable } from '../commands/reload';
import { type MagnumProcesses, magnumProcesses } from '../commands/magnum-processes';
import type { Node } from '../commands/node';
import { grouped, includesFragments, platformOf, type Platforms, serviceNamed } from '../commands/platform';
import { parseProcesses, ProcessesHidden } from '../commands/process-list';
import type { Nodes } from '../commands/site-connection';
import type { Site } from '../site/document';
import { isBefore } from '../site/versions';
import type { FindingName } from './catalogue';
import type { Finding } from './finding';

/** Of what is found here, the faults with which a check cannot verify what is served. */
export const PLATFORM_FINDINGS = [
  'PacemakerNotInstalled',
  'PacemakerTooOld',
  'ProcessesHidden',
] as const satisfies readonly FindingName[];

/** Whether pacemaker and HAProxy are there to be asked, and understand what they are asked. */
export function canBeAsked(findings: readonly Finding[]): boolean {
  const without: readonly FindingName[] = ['PacemakerNotInstalled', 'HAProxyNotInstalled', 'HAProxyTooOld'];
  return !findings.some(({ name }) => without.includes(name));
}

/** What the controllers' programs are, and which of them the workflow cannot work with. */
export interface PlatformChecks {
  readonly platforms: Platforms;
  readonly findings: readonly Finding[];
}

/** What was found on one controller. */
interface View {
  readonly name: string;
  readonly found: Detected;
  /** Undefined if the SSH user does not see what runs. */
  readonly haproxy: HaproxyProcesses | undefined;
  readonly magnum: readonly MagnumProcesses[];
}

/** Finds out what every controller's programs are, in one round trip. @throws the errors of SSH, SudoRefused */
export async function checkPlatforms(nodes: Nodes): Promise<PlatformChecks> {
  const { site } = nodes[0];
  const views = await everywhere(nodes, look);
  const findings = views.map((view) => ({ view, problems: problemsOf(view, site) }));
  return {
    platforms: grouped(
      views.map(({ name, found, haproxy }) => ({
        controller: name,
        platform: platformOf(site, found, haproxy),
      })),
    ),
    findings: [
      ...toldOnce(findings.flatMap(({ view, problems }) => problems.map((problem) => ({ ...problem, on: view.name })))),
      ...foreign(views, site),
    ],
  };
}

async function look(node: Node): Promise<View> {
  const { site, name, where } = node;
  const found = await detect(node);
  try {
    const list = parseProcesses(found.ps, `controller ${where}`);
    const haproxy = haproxyProcesses(list, {
      configFile: site.haproxy.configFile,
      ...(found.haproxyPrograms === undefined ? {} : { programs: found.haproxyPrograms }),
    });
    const magnum = (['magnum-api', 'magnum-conductor'] as const).map((program) => magnumProcesses(list, program));
    return { name, found, haproxy, magnum };
  } catch (error) {
    if (error instanceof ProcessesHidden) return { name, found, haproxy: undefined, magnum: [] };
    throw error;
  }
}

/** A finding about one controller, whose evidence says what is so on it: `Pacemaker 1.1.10 runs`. */
type Problem = Omit<Finding, 'severity'>;

function problemsOf(view: View, site: Site): Problem[] {
  return [...ofPacemaker(view), ...ofHaproxy(view, site), ...ofReload(view, site), ...ofServices(view, site)];
}

function ofPacemaker({ found: { pacemaker, programs } }: View): Problem[] {
  const problems: Problem[] = [];
  if (pacemaker === undefined) {
    const remedy = 'Install pacemaker 1.1.12 or later there, or take the controller out of the document.';
    problems.push({ name: 'PacemakerNotInstalled', evidence: 'crm_mon --version names no version', remedy });
  } else if (isBefore(pacemaker, '1.1.12')) {
    const remedy = 'Upgrade it to 1.1.12 or later: what crm_mon of older ones prints was never tried.';
    problems.push({ name: 'PacemakerTooOld', evidence: `Pacemaker is ${pacemaker}`, remedy });
  }
  if (!programs.has('pcs') && !programs.has('crm')) {
    problems.push({
      name: 'ClusterShellMissing',
      evidence: 'Neither pcs nor crm is installed',
      remedy: 'Install pcs 0.9.149 or later, or crmsh 1.2.5 or later: HAProxy is disabled and enabled by one of them.',
    });
  }
  return problems;
}

function ofHaproxy({ found, haproxy }: View, site: Site): Problem[] {
  const { configFile, fragmentDirectory, include } = site.haproxy;
  const version = found.haproxy;
  if (version === undefined) {
    const remedy = 'Install HAProxy 1.5 or later there: pacemaker runs it on every controller.';
    return [{ name: 'HAProxyNotInstalled', evidence: 'haproxy -v names no version', remedy }];
  }
  if (isBefore(version, '1.5')) {
    const remedy = 'Upgrade it to 1.5 or later: `http-request set-header` and `ssl_fc` of the fragment need that.';
    return [{ name: 'HAProxyTooOld', evidence: `HAProxy is ${version}`, remedy }];
  }
  const files = haproxy?.files ?? [];
  const included = includesFragments(found, site);
  const reads =
    included ||
    [fragmentDirectory, `${fragmentDirectory}/${site.haproxy.fragment}`].some((path) => files.includes(path));
  const wantsDirectory =
    !included && (files.includes(fragmentDirectory) || (files.length === 0 && include === 'directory'));
  if (wantsDirectory && isBefore(version, '1.7')) {
    return [
      {
        name: 'HAProxyTooOld',
        evidence: `HAProxy is ${version}, which cannot read a directory of fragments`,
        remedy:
          `Upgrade it to 1.7 or later, or, if it is Fuel's, end ${configFile} with \`include conf.d/*.cfg\` and set haproxy.include ` +
          'to statement.',
      },
    ];
  }
  if (files.length === 0 || reads) return [];
  return [
    {
      name: 'FragmentNotRead',
      evidence: `HAProxy was started with ${files.join(', ')}, and so does not read ${fragmentDirectory}`,
      remedy:
        `Have it started with \`-f ${fragmentDirectory}\` too: Debian and Ubuntu have EXTRAOPTS for that in /etc/default/haproxy, RPM ` +
        'packages OPTIONS in /etc/sysconfig/haproxy, agents a parameter of the resource. Where another tool assembles one file ' +
        'from parts, as openstack-ansible does, that tool would write over it: let HAProxy read a directory of its own besides.',
    },
  ];
}

/** Of a pacemaker that does not run nobody knows the agent: that is another finding. */
function ofReload({ found: { agent, unknownToReload } }: View, { haproxy }: Site): Problem[] {
  if (haproxy.update !== 'reload' || agent === undefined) return [];
  const why = whyNotReloadable(haproxy.resource, agent, unknownToReload);
  if (why === undefined) return [];
  return [
    {
      name: 'HAProxyNotReloadable',
      evidence: `${why},`,
      remedy: `Set haproxy.update to cycle. HAProxy is reloaded by the agents ${RELOADING_AGENTS.join(', ')}.`,
    },
  ];
}

function ofServices({ found, haproxy, magnum }: View, site: Site): Problem[] {
  const { programs, services, python } = found;
  const problems: Problem[] = [];
  if (!haproxy) {
    problems.push({
      name: 'ProcessesHidden',
      evidence: `The SSH user ${site.ssh.user} does not see the processes of other users`,
      remedy:
        '/proc is mounted with hidepid: add that user to the group that /proc/mounts names (gid=), or mount it with such a group. ' +
        'ps must be that of procps 3.3 or later.',
    });
  }
  if (!programs.has('service') && !programs.has('systemctl')) {
    const remedy = 'Install what has one of them (Debian: sysvinit-utils or init-system-helpers, RPM: initscripts).';
    problems.push({ name: 'ServiceCommandMissing', evidence: 'Neither service nor systemctl is installed', remedy });
  }
  const contained = magnum.some((one) => one.contained.length > 0 && one.own.length === 0);
  if (contained) {
    problems.push({
      name: 'MagnumInContainer',
      evidence: "Magnum's processes run in containers",
      remedy: 'Deploy it there by what made the containers: files and services of the controller do not reach it.',
    });
  } else {
    const names = [site.magnum.apiService, site.magnum.conductorService];
    const missing = names.filter((name) => serviceNamed(name, services) === undefined);
    if (missing.length > 0) {
      problems.push({
        name: 'MagnumServiceUnknown',
        evidence: `There is no service ${missing.join(', ')}; of Magnum's there are: ${[...services].sort().join(', ') || 'none'}`,
        remedy:
          "Install Magnum's packages, or correct magnum.apiService and magnum.conductorService; the API may run in apache2 or httpd.",
      });
    }
  }
  if (python === undefined && !['python3', 'python2', 'python'].some((name) => programs.has(name))) {
    problems.push({ name: 'PythonMissing', evidence: 'There is no Python', remedy: 'Install what Magnum runs by.' });
  }
  return problems;
}

/** Problems that several controllers have alike are one finding, and every one refuses an apply. */
function toldOnce(problems: readonly (Problem & { readonly on: string })[]): Finding[] {
  const controllers = new Map<string, string[]>();
  const first = problems.filter(({ name, evidence, on }) => {
    const known = controllers.get(name + evidence);
    controllers.set(name + evidence, [...(known ?? []), on]);
    return known === undefined;
  });
  return first.map(({ name, evidence, remedy }) => ({
    name,
    severity: 'error',
    evidence: `${evidence} on ${controllers.get(name + evidence)?.join(', ') ?? ''}`,
    remedy,
  }));
}

/** How kinds of other processes are called in a message. */
const KINDS: Readonly<Record<ForeignHaproxy['kind'], string>> = {
  'neutron-metadata-proxy': "Neutron's metadata proxies",
  'neutron-lbaas': "Neutron's load balancers",
  octavia: "Octavia's",
  container: 'in containers',
  'ordinary-user': "ordinary users'",
  other: 'unknown',
};

function foreign(views: readonly View[], site: Site): Finding[] {
  const counted = views.flatMap(({ name, haproxy }) => {
    const kinds = haproxy?.foreign.map(({ kind }) => KINDS[kind]) ?? [];
    const counts = [...new Set(kinds)].map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`);
    return counts.length === 0 ? [] : [`${name} (${counts.join(', ')})`];
  });
  if (counted.length === 0) return [];
  return [
    {
      name: 'OtherHAProxy',
      severity: 'warning',
      evidence: `Processes named haproxy that are not those of ${site.haproxy.resource} run on ${counted.join(', ')}`,
      remedy: 'Nothing, if they belong there: they are left alone, and nobody waits for them.',
    },
  ];
}
