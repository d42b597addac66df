import { dirname, basename, join } from 'node:path';
import { LOADER_PLACES, loaderWords } from '../config/firewall/loader';
import { magnumRule } from '../config/iptables';
import type { Site } from '../site/document';
import { isBefore } from '../site/versions';
import type { Command } from '../ssh/command';
import { limited } from '../ssh/command-line';
import { detection, PROCESSES } from './detection';
import {
  ANY_CYCLE,
  ANY_TIME,
  armCommand,
  disableCommand,
  END_DISABLE,
  NOTICES_ENDS,
  TIMER,
  timerCommand,
} from './disable';
import { type Platform, presumedPlatform } from './platform';

/** The module of Python that each driver needs. */
export const DRIVER_MODULES: Readonly<Record<Site['magnum']['database']['driver'], string>> = {
  mysql: 'MySQLdb',
  'mysql+pymysql': 'pymysql',
};

/** In place of the number of an iptables rule: any. Such a command is for a sudoers file, not to be run. */
export const ANY_NUMBER = '{number}';
type RuleNumber = number | typeof ANY_NUMBER;

/**
 * The catalogue: every command that the workflow can run on a controller of this site, and no other.
 *
 * Argument lists are fixed per site and platform but for the number of an iptables rule, so that a sudoers file can allow
 * exactly these. Those that disable HAProxy are in disable.ts.
 *
 * @param platform of the controller
 */
export function catalogue(site: Site, platform: Platform = presumedPlatform(site)) {
  const { haproxy, magnum } = site;
  const root = (...argv: string[]) => as(true, 20, ...argv);

  const configDirectory = dirname(haproxy.configFile);
  /** A copy of HAProxy's whole configuration in which the staged fragment is validated. */
  const tree = join(configDirectory, 'magnum-ha-staged');
  const stagedFragments = join(tree, basename(haproxy.fragmentDirectory));
  const check = (directory: string, fragments: string) => {
    const main = basename(haproxy.configFile);
    if (platform.include === 'statement') return root('haproxy', '-C', directory, '-c', '-f', main);
    const named = (path: string) =>
      dirname(path) === haproxy.fragmentDirectory ? join(fragments, basename(path)) : path;
    const further = platform.include === 'files' ? (platform.fragments ?? []).map(named) : [fragments];
    return root('haproxy', '-c', ...[join(directory, main), ...further].flatMap((path) => ['-f', path]));
  };

  const previous = (path: string) => `${path}.magnum-ha-previous`;
  /** In HAProxy's network namespace, if it has one. */
  const within = platform.namespace === undefined ? [] : ['ip', 'netns', 'exec', platform.namespace];
  const restarted = (service: string) =>
    as(
      true,
      90,
      ...(platform.services === 'service' ? ['service', service, 'restart'] : ['systemctl', 'restart', service]),
    );

  const beside = (path: string) => `${path}.magnum-ha-staged`;
  const stagedConf = beside(magnum.configFile);
  const stagedRules = beside(site.persistentRules);
  const fragment = join(haproxy.fragmentDirectory, haproxy.fragment);
  /** What is done with every managed file. @param like whose owner, group and mode it gets */
  const file = (path: string, stagedPath: string, like = path) => ({
    path,
    /** Where the new file lies until it is put in place. */
    stagedPath,
    /** Its content; exit 1 and "No such file or directory" where there is none. */
    read: root('cat', path),
    /** Its SHA-256. */
    digest: root('sha256sum', path),
    /** Makes the staged file, empty, and such that only root can read it. */
    create: root('install', '-m', '0600', '/dev/null', stagedPath),
    /** Fills it with its input and waits for the disk. */
    fill: root('dd', `of=${stagedPath}`, 'conv=fsync', 'status=none'),
    own: root('chown', `--reference=${like}`, stagedPath),
    mode: root('chmod', `--reference=${like}`, stagedPath),
    digestStaged: root('sha256sum', stagedPath),
    /** Keeps the content in place under another name. */
    keep: root('cp', '-a', path, previous(path)),
    /** Takes what was kept away: there was no file before. */
    forget: root('rm', '-f', previous(path)),
    /** Puts the staged file in place, in one rename. */
    install: root('mv', '-fT', stagedPath, path),
  });

  return {
    /** The managed files, and what is done with each. */
    files: {
      magnumConf: file(magnum.configFile, stagedConf),
      fragment: file(fragment, join(stagedFragments, haproxy.fragment), haproxy.configFile),
      rules: file(site.persistentRules, stagedRules),
    },
    /** Puts the fragment that was kept back in one rename, or takes ours away. Each is safe to repeat. */
    restoreFragment: {
      copy: root('cp', '-a', previous(fragment), beside(fragment)),
      install: root('mv', '-fT', beside(fragment), fragment),
      remove: root('rm', '-f', fragment),
    },
    /** When the content was last modified, seconds since 1970. */
    magnumConfModified: root('stat', '-c', '%Y', magnum.configFile),
    fragmentModified: root('stat', '-c', '%Y', fragment),
    /** Takes a staged file away. */
    discardMagnumConf: root('rm', '-f', stagedConf),
    discardRules: root('rm', '-f', stagedRules),

    /** Magnum's own parser reads the staged file; nothing is started. */
    validateMagnumConf: as(true, 60, 'magnum-conductor', '--config-file', stagedConf, '--version'),
    /** Prints the version of Magnum, whatever is in its configuration. */
    magnumVersion: as(true, 60, 'magnum-conductor', '--config-file', '/dev/null', '--version'),
    /** Exit 0 where SQLAlchemy would find the module of the site's database driver. */
    importDatabaseDriver: as(false, 20, platform.python, '-c', `import ${DRIVER_MODULES[magnum.database.driver]}`),
    /** The CA certificates that magnum.conf names, as everybody can read them; not there if the document names none. */
    ...(site.ca?.file !== undefined && { caFile: as(false, 20, 'cat', site.ca.file) }),
    /** HAProxy's own parser reads the configuration in use. */
    validateHaproxy: check(configDirectory, haproxy.fragmentDirectory),
    /** Clears the copy of HAProxy's configuration. */
    clearTree: root('rm', '-rf', tree),
    makeTree: root('mkdir', '-m', '0700', tree),
    // Contents, not links: through one to the directory what is staged would be what is in use.
    copyTree: root('cp', '-aL', haproxy.configFile, haproxy.fragmentDirectory, tree),
    /** HAProxy's own parser reads the copy, with the staged fragment in it. */
    validateTree: check(tree, stagedFragments),
    /** iptables' own parser reads the rules file on its input. */
    validateRules: root('iptables-restore', '--test'),

    /** The rules of all chains, in order, in the form of iptables-save: what INPUT jumps to may take a packet, too. */
    rules: root('iptables', '-w', '-S'),
    /** The same, with how many packets each rule has counted. */
    ruleCounters: root('iptables', '-w', '-v', '-S'),
    /** The rules of nft, where there is nft: those of firewalld are seen there alone. */
    nftRules: root('nft', 'list', 'ruleset'),
    /** The same by the library that firewalld itself uses: on Debian it needs no program nft. */
    nftRulesByPython: root('python3', '-c', "import nftables; print(nftables.Nftables().cmd('list ruleset')[1])"),
    /** What loads the rules file at boot: only the words that were looked for are printed. Exit 2 if a place is missing. */
    rulesLoaders: root(
      ...['grep', '-IRHosF', '-D', 'skip'],
      ...loaderWords(site.persistentRules).flatMap((word) => ['-e', word]),
      ...LOADER_PLACES,
    ),
    /** Whether ufw is on, where it is installed. */
    ufwState: as(false, 4, 'cat', '/etc/ufw/ufw.conf'),
    /** Inserts Magnum's rule as number `position`, from 1. */
    insertRule: (position: RuleNumber) => root('iptables', '-w', '-I', 'INPUT', String(position), ...magnumRule(site)),
    /** Deletes rule number `position`, from 1. */
    deleteRule: (position: RuleNumber) => root('iptables', '-w', '-D', 'INPUT', String(position)),

    /** The controller's clock, seconds since 1970. */
    date: as(false, 4, 'date', '+%s'),
    /** Every process, see `parseProcesses`. */
    processes: PROCESSES,
    /** The number of HAProxy's first process. Exit 1 if there is no such file. */
    pidFile: as(false, 4, 'cat', platform.pidFile),
    /** The TCP sockets that listen where HAProxy runs, and to root also by which processes. */
    sockets: as(true, 4, ...within, 'ss', '-ltnp'),
    /** Pacemaker's view, as XML. */
    clusterStatus: as(
      true,
      4,
      'crm_mon',
      '-1',
      '-r',
      isBefore(platform.pacemaker, '2.0.3') ? '--as-xml' : '--output-as=xml',
    ),
    /** Pacemaker's configuration and status, as XML. Parameters of resources may be passwords. */
    cib: root('cibadmin', '-Q'),
    /** What pacemaker would do if its CIB was the one on its input. Nothing of it reaches the cluster. */
    simulate: root('crm_simulate', '--xml-pipe', '--run'),
    /**
     * Of HAProxy's configuration, each behind the path of its file, the lines on which a section begins that may listen, and on
     * which it says where and how; never a line that may hold a password. Exit 1 where there is none. Links are followed, as
     * HAProxy does.
     */
    haproxySections: root(
      'grep',
      '-RHE',
      ...includes(haproxy.configFile),
      SECTIONS,
      haproxy.configFile,
      haproxy.fragmentDirectory,
    ),
    // Each takes less than a second. One that hangs must leave the time to try another controller.
    /** Ends our own disable: see `armCommand` and `disableCommand`. */
    endDisable: END_DISABLE,
    /** Only where pacemaker does not notice by itself that a disable has ended: see `timerCommand`. */
    ...(isBefore(platform.pacemaker, NOTICES_ENDS) && { timer: TIMER }),
    /** Ends a disable of somebody else's, by pcs or crmsh. */
    enableHaproxy:
      platform.shell === 'pcs'
        ? root('pcs', 'resource', 'enable', haproxy.resource)
        : root('crm', 'resource', 'start', haproxy.resource),
    /** Makes pacemaker forget failures of HAProxy's: it tries again where it had given up. */
    cleanupHaproxy: root('crm_resource', '--cleanup', '--resource', haproxy.resource),

    /** Restarts a service. */
    restartApi: restarted(platform.apiService),
    restartConductor: restarted(platform.conductorService),
  };
}

/** What can be run on the controllers of a site. */
export type Catalogue = ReturnType<typeof catalogue>;

/**
 * The further commands of each part of bootstrap. The first user of `mysql` and `rabbitmqctl` is root of the controller; what
 * they are to do, and secrets with it, travels on standard input.
 */
export function bootstrapCommands({ magnum }: Site) {
  const root = (timeoutSeconds: number, ...argv: string[]) => as(true, timeoutSeconds, ...argv);
  const manage = (timeoutSeconds: number, action: string) =>
    root(timeoutSeconds, 'magnum-db-manage', '--config-file', magnum.configFile, action);
  return {
    database: {
      /** Runs the SQL on its input; sudo may keep another user's HOME, where no .my.cnf of root's is. */
      sql: root(20, 'env', 'HOME=/root', 'mysql', '--batch', '--default-character-set=utf8mb4'),
    },
    schema: {
      /** Prints the revision of the schema; `None` where there is none. */
      version: manage(60, 'version'),
      // All of Magnum 15's tables take 15 s on two busy cores. MySQL keeps every statement of a migration that was killed, and
      // a second attempt stumbles over them: so it gets as long as the task has.
      upgrade: manage(150, 'upgrade'),
    },
    rabbitmq: {
      /** The users with their tags, as JSON. */
      users: root(60, 'rabbitmqctl', '-q', 'list_users', '--formatter', 'json'),
      /** Makes what the JSON on its input says, and leaves everything else as it is. */
      define: root(60, 'rabbitmqctl', '-q', 'import_definitions'),
    },
    keystone: {},
  };
}

/** In place of what is known only when a command is run: an example of it. */
const EXAMPLES = { [ANY_NUMBER]: '1', [ANY_CYCLE]: '1000000000000', [ANY_TIME]: '2001-01-01 00:00:00Z' };

/** Asks sudo whether it would run this command of the catalogue. Exit 1 if not; nothing is run. */
export function permission(command: Command): Command {
  const words = limited(command).map((word) =>
    Object.entries(EXAMPLES).reduce((example, [any, one]) => example.replace(any, one), word),
  );
  return as(false, 4, 'sudo', '-n', '-l', ...words);
}

function as(root: boolean, timeoutSeconds: number, ...argv: string[]): Command {
  return { argv, root, timeoutSeconds };
}

/** What is done with one managed file. */
export type FileCommands = Catalogue['files']['magnumConf'];

/**
 * Every command of the catalogue on these platforms; those for a rule's number with `ANY_NUMBER`, and likewise `ANY_CYCLE` and
 * `ANY_TIME`. Of bootstrap, what the site asks for.
 */
export function everyCommand(site: Site, platforms: readonly Platform[] = [presumedPlatform(site)]): Command[] {
  const catalogues = platforms.map((platform) => catalogue(site, platform));
  const disabling = {
    arm: armCommand(site, ANY_CYCLE, ANY_TIME),
    disable: disableCommand(ANY_CYCLE),
    ...(catalogues.some(({ timer }) => timer) && { timer: timerCommand(site, ANY_CYCLE) }),
  };
  const bootstrap = site.bootstrap.map((part) => bootstrapCommands(site)[part]);
  return [detection(site), ...catalogues, disabling, ...bootstrap].flatMap(commandsIn);
}

function commandsIn(part: object): Command[] {
  return Object.values(part).flatMap((value: string | object | ((position: RuleNumber) => Command)) => {
    if (typeof value === 'function') return [(value as (position: RuleNumber) => Command)(ANY_NUMBER)];
    if (typeof value === 'string') return [];
    return 'argv' in value ? [value as Command] : commandsIn(value);
  });
}

/** Sections with `bind` lines, what their mode depends on, and Fuel's include of fragments. */
const SECTIONS = '^[[:space:]]*(defaults|listen|frontend|backend|log-forward|peers|bind|mode|include)([[:space:]]|$)';

/** The files that HAProxy reads: the main one, and of the fragments those that end in .cfg. */
function includes(configFile: string): string[] {
  return ['*.cfg', ...(configFile.endsWith('.cfg') ? [] : [basename(configFile)])].map((name) => `--include=${name}`);
}
