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
import { ACCESS, ANY_EXECUTION, executionCommands, EXECUTION_DIGITS, haproxyCheck, KEPT_IN } from './execution';
import { type Platform, presumedPlatform } from './platform';
import { ANY_NODE, anyBan, END_BAN } from './ban';
import { UPTIME, WRITTEN } from './written';
import { reloadCommand } from './reload';

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
 * Argument lists are fixed per site and platform but for the number of an iptables rule, the ID of an execution, and what disables
 * HAProxy or bans it, see disable.ts and ban.ts; so that a sudoers file can allow exactly these.
 *
 * @param platform of the controller
 */
export function catalogue(site: Site, platform: Platform = presumedPlatform(site)) {
  const { haproxy, magnum } = site;
  const root = (...argv: string[]) => as(true, 20, ...argv);

  const configDirectory = dirname(haproxy.configFile);
  /** In HAProxy's network namespace, if it has one. */
  const within = platform.namespace === undefined ? [] : ['ip', 'netns', 'exec', platform.namespace];
  const restarted = (service: string) =>
    as(
      true,
      90,
      ...(platform.services === 'service' ? ['service', service, 'restart'] : ['systemctl', 'restart', service]),
    );

  const fragment = join(haproxy.fragmentDirectory, haproxy.fragment);
  /** What is done with a managed file where it belongs. */
  const file = (path: string, read: Command) => ({
    path,
    /** Its content; exit 1 and "No such file or directory" where there is none. */
    read,
    /** Its SHA-256. */
    digest: root('sha256sum', path),
    /** Its owner, group and mode. */
    access: root('stat', '-c', ACCESS, path),
  });

  return {
    /** The managed files. */
    files: {
      // In a directory that may be another user's: never through a link.
      magnumConf: file(magnum.configFile, root('dd', `if=${magnum.configFile}`, 'iflag=nofollow', 'status=none')),
      fragment: file(fragment, root('cat', fragment)),
      rules: file(site.persistentRules, root('cat', site.persistentRules)),
    },
    /** Takes the fragment away: there was none before. */
    removeFragment: root('rm', '-f', fragment),
    /** What is done in the directory of one execution. @param id see `executionId` */
    execution: (id: string) => executionCommands(site, platform, id),
    /** Whether it is a file: stat does not follow links. */
    magnumConfType: root('stat', '-c', '%F', magnum.configFile),
    /** Whose the directory of magnum.conf is, as which Magnum may enter it. */
    magnumDirectoryAccess: root('stat', '-c', ACCESS, dirname(magnum.configFile)),
    /** Whose HAProxy's main file is: a fragment that there was not is made likewise. */
    haproxyAccess: root('stat', '-c', ACCESS, haproxy.configFile),
    /** The names of what is kept, the newest first. Exit 2 where nothing ever was. */
    kept: root('ls', '-1t', KEPT_IN),
    /** What it is, whose, and who may do what. Exit 1 where nothing ever was kept. */
    keptAccess: root('stat', '-c', '%F %U:%G %a', KEPT_IN),
    /** Where the file systems are mounted that the directories of managed files lie in: between two of them nothing is renamed. */
    mountPoints: root(
      'stat',
      '-c',
      '%m',
      dirname(KEPT_IN),
      ...[magnum.configFile, fragment, site.persistentRules].map((path) => dirname(path)),
    ),
    /** When the content was last modified, seconds since 1970. */
    magnumConfModified: root('stat', '-c', '%Y', magnum.configFile),
    fragmentModified: root('stat', '-c', '%Y', fragment),
    rulesModified: root('stat', '-c', '%Y', site.persistentRules),
    /** Keeps how long it has been up: a file that a program reads once, as it starts, is written now. */
    markWritten: {
      magnumConf: root('dd', `if=${UPTIME}`, `of=${WRITTEN.magnumConf}`, 'status=none'),
      fragment: root('dd', `if=${UPTIME}`, `of=${WRITTEN.fragment}`, 'status=none'),
    },
    /** How long it has been up, and had been then, each behind the path it is kept in. Exit 2 where one was not written yet. */
    uptimes: root('grep', '-HE', '.', UPTIME, ...Object.values(WRITTEN)),
    /** Prints the version of Magnum, whatever is in its configuration. It loads all of Magnum: seconds of a processor. */
    magnumVersion: as(true, 60, 'magnum-conductor', '--config-file', '/dev/null', '--version'),
    /** Prints the same as its package has it, as Magnum itself reads it. Exit 1 if this Python is not the one Magnum runs by. */
    magnumPackageVersion: as(
      false,
      20,
      platform.python,
      '-c',
      "import pbr.version; print(pbr.version.VersionInfo('magnum').version_string())",
    ),
    /** Exit 0 where SQLAlchemy would find the module of the site's database driver. */
    importDatabaseDriver: as(false, 20, platform.python, '-c', `import ${DRIVER_MODULES[magnum.database.driver]}`),
    /** The CA certificates that magnum.conf names, as everybody can read them; not there if the document names none. */
    ...(site.ca?.file !== undefined && { caFile: as(false, 20, 'cat', site.ca.file) }),
    /** HAProxy's own parser reads the configuration in use. */
    validateHaproxy: haproxyCheck(site, platform, configDirectory, haproxy.fragmentDirectory),
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
    /** Ends our own ban of HAProxy on one controller: see `banCommand`. */
    endBan: END_BAN,
    /** Only where pacemaker does not notice by itself that a disable has ended: see `timerCommand`. */
    ...(isBefore(platform.pacemaker, NOTICES_ENDS) && { timer: TIMER }),
    /** Ends a disable of somebody else's, by pcs or crmsh. */
    enableHaproxy:
      platform.shell === 'pcs'
        ? root('pcs', 'resource', 'enable', haproxy.resource)
        : root('crm', 'resource', 'start', haproxy.resource),
    /** Only where the site document wants HAProxy to be reloaded: see `reloadCommand`. */
    ...(platform.reload && { reloadHaproxy: reloadCommand(platform.reload, platform.namespace) }),
    /** Makes pacemaker forget failures of HAProxy's: it tries again where it had given up. */
    cleanupHaproxy: root('crm_resource', '--cleanup', '--resource', haproxy.resource),

    /** Restarts a service. */
    restartApi: restarted(platform.apiService),
    restartConductor: restarted(platform.conductorService),
  };
}

/** What can be run on the controllers of a site. */
export type Catalogue = ReturnType<typeof catalogue>;

/** Magnum's own program for its tables. */
export const DB_MANAGE = 'magnum-db-manage';

/** What the packages of Debian, Ubuntu and RDO call user and group; the root directory stays as it is. */
const AS_MAGNUM = ['chroot', '--userspec=magnum:magnum', '--groups=magnum', '/'];

/**
 * The further commands of each part of bootstrap. The first user of `mysql` and `rabbitmqctl` is root of the controller; what
 * they are to do, and secrets with it, travels on standard input.
 */
export function bootstrapCommands({ magnum }: Site) {
  const root = (timeoutSeconds: number, ...argv: string[]) => as(true, timeoutSeconds, ...argv);
  // As Magnum's own user, as Magnum's guide has it: that user may write the configuration and the directory of logs, and what runs as
  // root with them would be its way to root. su(1) would take a line for a shell, and runuser(1) is missing in Ubuntu 14.04.
  const manage = (timeoutSeconds: number, action: string) =>
    root(timeoutSeconds, ...AS_MAGNUM, DB_MANAGE, '--config-file', magnum.configFile, action);
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
const EXAMPLES = {
  [ANY_NUMBER]: '1',
  [ANY_EXECUTION]: '0'.repeat(EXECUTION_DIGITS),
  [ANY_CYCLE]: '1000000000000',
  [ANY_TIME]: '2001-01-01 00:00:00Z',
  [ANY_NODE]: '1',
};

/** Asks sudo whether it would run this command of the catalogue. Exit 1 if not; nothing is run. */
export function permission(command: Command): Command {
  const words = limited(command).map((word) =>
    Object.entries(EXAMPLES).reduce((example, [any, one]) => example.replaceAll(any, one), word),
  );
  return as(false, 4, 'sudo', '-n', '-l', ...words);
}

function as(root: boolean, timeoutSeconds: number, ...argv: string[]): Command {
  return { argv, root, timeoutSeconds };
}

/** What is done with one managed file where it belongs. */
export type FileCommands = Catalogue['files']['magnumConf'];

/** The managed files, by what they are to the workflow. */
export type FileKind = keyof Catalogue['files'];

/**
 * Every command of the catalogue on these platforms, with `ANY_NUMBER`, `ANY_EXECUTION`, `ANY_CYCLE`, `ANY_TIME` and `ANY_NODE` for
 * what is known only when it is run. Of bootstrap, what the site asks for.
 */
export function everyCommand(site: Site, platforms: readonly Platform[] = [presumedPlatform(site)]): Command[] {
  const catalogues = platforms.map((platform) => catalogue(site, platform));
  const disabling = {
    arm: armCommand(site, ANY_CYCLE, ANY_TIME),
    disable: disableCommand(ANY_CYCLE),
    ...(catalogues.some(({ timer }) => timer) && { timer: timerCommand(site, ANY_CYCLE) }),
    ...(site.haproxy.update === 'rolling' && anyBan(site)),
  };
  const bootstrap = site.bootstrap.map((part) => bootstrapCommands(site)[part]);
  return [detection(site), ...catalogues, disabling, ...bootstrap].flatMap(commandsIn);
}

function commandsIn(part: object): Command[] {
  return Object.entries(part).flatMap(([name, value]: [string, string | object | ((any: string) => object)]) => {
    if (typeof value === 'function') return commandsIn([value(name === 'execution' ? ANY_EXECUTION : ANY_NUMBER)]);
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
