import type { Site } from '../site/document';
import type { Command, Outcome } from '../ssh/command';
import { HAPROXY_PROGRAMS, PROCESS_FORMAT } from './process-list';
import { unknownToReload } from './reload';

/** An ordinary user's PATH on Debian has no sbin. The same directories, in the same order, as in the sudoers file. */
const PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
/** Where services are described: systemd, upstart, and init scripts. */
const SERVICE_DIRECTORIES = [
  ...['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system', '/run/systemd/generator.late'],
  ...['/etc/init', '/etc/init.d'],
];
const PROGRAMS = ['pcs', 'crm', 'service', 'systemctl', 'python', 'python2', 'python3'];

/** Of each command line ps prints this many characters at most: a process of 2 MB of arguments must not cost a minute. */
const COLUMNS = '4096';

/**
 * Every process, see `parseProcesses`. Its time is short: a controller that fell silent while HAProxy is disabled must not
 * keep it so.
 */
export const PROCESSES: Command = {
  argv: ['ps', '--cols', COLUMNS, '-eo', PROCESS_FORMAT],
  root: false,
  timeoutSeconds: 4,
};

/**
 * The commands that tell what a controller's programs are and how they run. They are the same on every platform, change
 * nothing, and travel together.
 */
export function detection({ haproxy, magnum }: Site) {
  const plain = (...argv: string[]): Command => ({ argv, root: false, timeoutSeconds: 10 });
  const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 10 });
  const anywhere = (...argv: string[]) => plain('env', `PATH=${PATH.join(':')}`, ...argv);
  const services = [magnum.apiService, magnum.conductorService].flatMap((name) => [
    name,
    `${name}.service`,
    `${name}.conf`,
  ]);
  const names = [...new Set([...PROGRAMS, '*magnum*', ...services])];
  return {
    /** The paths of the programs and services that are there. Exit 1 if one of the directories is not. */
    installed: plain(
      'find',
      ...PATH,
      ...SERVICE_DIRECTORIES,
      ...['-maxdepth', '1', '('],
      ...names.flatMap((name, index) => [...(index > 0 ? ['-o'] : []), '-name', name]),
      ')',
    ),
    /** Exit 127 if it is missing. */
    pacemakerVersion: anywhere('crm_mon', '--version'),
    haproxyVersion: anywhere('haproxy', '-v'),
    /** Its first line names the Python that Magnum runs by. Exit 1 if it is somewhere else. */
    magnumScript: plain('head', '-c', '200', '/usr/bin/magnum-conductor'),
    processes: PROCESSES,
    /** Which processes really run HAProxy. Exit 1 if one ends meanwhile. */
    haproxyPrograms: root('find', ...HAPROXY_PROGRAMS),
    /** Whether HAProxy reads its fragments by a statement of Fuel's, and where its PID file is. Exit 1 if none of both is said. */
    haproxyStatements: root('grep', '-hE', '^[[:space:]]*(include|pidfile)[[:space:]]', haproxy.configFile),
    /** How HAProxy's resource is configured, as XML. Exit 102, 1 or 107 if pacemaker does not run. */
    resource: root('cibadmin', '-Q', '-A', `//*[@id='${haproxy.resource}']`),
  } satisfies Record<string, Command>;
}

/** What each of these commands came to. */
export type DetectionOutcomes = Readonly<Record<keyof ReturnType<typeof detection>, Outcome>>;

/** What the programs of a controller are, and how they run, as far as they tell. */
export interface Detected {
  /** Names of the programs that are there. */
  readonly programs: ReadonlySet<string>;
  /** Names of the services that are there: those of Magnum, and those that the document names. */
  readonly services: ReadonlySet<string>;
  /** Versions, such as 2.1.5; undefined if the program is missing or does not say. */
  readonly pacemaker: string | undefined;
  readonly haproxy: string | undefined;
  /** Path of the Python that Magnum runs by. */
  readonly python: string | undefined;
  readonly ps: string;
  readonly haproxyPrograms: string | undefined;
  /** Files that haproxy.cfg includes, as Fuel's HAProxy can: `conf.d/*.cfg`. */
  readonly includes: readonly string[];
  /** HAProxy's PID file, as its resource or haproxy.cfg has it. HAProxy's own command line goes before both. */
  readonly pidFile: string | undefined;
  /** HAProxy's network namespace, if its resource has one. */
  readonly namespace: string | undefined;
  /** HAProxy's resource agent, such as `ocf:fuel:ns_haproxy`; undefined if pacemaker does not run. */
  readonly agent: string | undefined;
  /** Parameters of its resource of which a reload would not know. */
  readonly unknownToReload: readonly string[];
}

/** Reads what the commands of `detection` printed. */
export function parseDetection(outcomes: DetectionOutcomes): Detected {
  const paths = outcomes.installed.stdout.split('\n').flatMap((path) => {
    const [, directory = '', name] = /^(\/.*)\/([^/]+)$/.exec(path) ?? [];
    return name === undefined ? [] : [{ directory, name }];
  });
  const named = (directories: readonly string[], ending: RegExp) =>
    new Set(
      paths.flatMap(({ directory, name }) => (directories.includes(directory) ? [name.replace(ending, '')] : [])),
    );
  const statements = printed(outcomes.haproxyStatements);
  const valuesOf = (keyword: string) =>
    [...statements.matchAll(new RegExp(String.raw`^\s*${keyword}\s+(\S+)`, 'gm'))].map(([, value = '']) => value);
  const resource = parameters(printed(outcomes.resource));
  return {
    programs: named(PATH, /$/),
    services: named(SERVICE_DIRECTORIES, /\.(service|conf)$/),
    pacemaker: /^Pacemaker (\d+\.\d+\.\d+)/m.exec(printed(outcomes.pacemakerVersion))?.[1],
    haproxy: /^HA-?Proxy version (\d+\.\d+[\w.-]*)/m.exec(printed(outcomes.haproxyVersion))?.[1],
    python: /^#! ?(\/[\w./-]*python[\d.]*)\s/.exec(printed(outcomes.magnumScript))?.[1],
    ps: printed(outcomes.processes),
    // find says 1 if a process ended while it looked.
    haproxyPrograms: outcomes.haproxyPrograms.exitCode <= 1 ? outcomes.haproxyPrograms.stdout : undefined,
    includes: valuesOf('include'),
    pidFile: asPath(resource.get('pidfile') ?? valuesOf('pidfile')[0]),
    // Fuel's agent has one; it names it always.
    namespace: matching(/^[\w.-]+$/, resource.get('ns')),
    agent: agentIn(printed(outcomes.resource)),
    unknownToReload: unknownToReload(resource),
  };
}

/** A path that may become a word of commands, as the document's own paths may. */
export function asPath(value: string | undefined): string | undefined {
  return matching(/^(\/[\w.-]+)+$/, value);
}

/** A value becomes a word of commands: nothing but what such values are made of. */
function matching(pattern: RegExp, value: string | undefined): string | undefined {
  return value !== undefined && pattern.test(value) ? value : undefined;
}

function printed({ exitCode, stdout }: Outcome): string {
  return exitCode === 0 ? stdout : '';
}

/** Parameters of HAProxy's resource. @param xml of the primitive, or of its clone */
function parameters(xml: string): Map<string, string> {
  const sets = xml.match(/<instance_attributes\b[^]*?<\/instance_attributes>/g) ?? [];
  const pairs = sets.flatMap((set) => set.match(/<nvpair\b[^>]*>/g) ?? []);
  return new Map(pairs.map((pair) => [attribute(pair, 'name'), attribute(pair, 'value')]));
}

/** The agent of the first primitive. @param xml of the primitive, or of its clone */
function agentIn(xml: string): string | undefined {
  const tag = /<primitive\b[^>]*>/.exec(xml)?.[0] ?? '';
  const words = ['class', 'provider', 'type'].map((name) => attribute(tag, name)).filter((word) => word !== '');
  return matching(/^[\w.-]+(:[\w.@-]+){1,2}$/, words.join(':'));
}

function attribute(tag: string, name: string): string {
  return new RegExp(String.raw`\s${name}="([^"]*)"`).exec(tag)?.[1] ?? '';
}
