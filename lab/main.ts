import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { hurriedClock } from './hurried-clock';
import type { Site } from '../domain/site/document';
import { synthesized } from '../local/emulator/assembly';
import { type Command, Option } from 'commander';
import { type Context, UsageError } from '../cli/context';
import { guarded, newCommand } from '../cli/program';
import { EXAMPLE_SITE, type RunValues, runOptions, withRunOptions } from '../cli/rehearse';
import { type RunOptions, runModes } from '../cli/run';
import { deploy } from '../local/deploy';
import type { LogLine } from '../local/emulator/aws/functions';
import { type Debian, debianNamed, defaultDebian, GENERATIONS, UnknownDebian } from './debian';
import { enter, follow, labEnvironment, refuseUnavailable } from './enter';
import { keptLab, type Lab, startLab } from './lab';
import { OPENSTACK_HOST, type Profile, PROFILES } from './openstack/real/profile';
import { type MagnumApi, MAGNUM_APIS } from './seed';

const AFTER = `
Commands:
  npm run lab                  start a lab, apply, check, end the lab
  npm run lab -- run           executions on the lab that was kept
  npm run lab -- shell HOST    a shell on one of its hosts: bastion, or a
                               controller's name
  npm run lab -- stop          end it`;

/** How many times faster than in reality simulated clusters are created. */
const SPEED = 60;
/** The site of the profiles with real OpenStack. */
const OPENSTACK_SITE = join(__dirname, 'sites', 'openstack.json');

/** The command line of `npm run lab`. @returns the exit code, see `runModes` @throws LabUnavailable */
export function labMain(args: readonly string[], context: Context): Promise<number> {
  return guarded(args, context, () => lab(args, context));
}

async function lab(args: readonly string[], context: Context): Promise<number> {
  const [command, ...rest] = args;
  if (command === '--inside') return inside(rest, context);
  if (args.includes('--help') || args.includes('-h')) {
    labCommand(context).outputHelp();
    return 0;
  }
  refuseUnavailable();
  if (command === 'stop') {
    await keptLab(keptDirectory()).stop();
    return 0;
  }
  if (command === 'shell') {
    const pid = keptLab(keptDirectory()).pidOf(rest[0] ?? '');
    return follow(['nsenter', '--target', String(pid), '--all', '--', 'bash', '-l']);
  }
  const again = [process.execPath, ...process.execArgv, process.argv[1] ?? '', 'lab', '--inside', ...args];
  if (command === 'run') {
    optionsOf(rest, context);
    return follow(['nsenter', `--net=/proc/${keptLab(keptDirectory()).pid}/ns/net`, '--', ...again]);
  }
  // Refused now, and not after minutes.
  const { profile, debian } = optionsOf(args, context);
  return enter(again, sayer(context), { profile, debian });
}

/** In the operator's network namespace. */
async function inside(args: readonly string[], context: Context): Promise<number> {
  const say = sayer(context);
  if (args[0] === 'run') {
    const lab = keptLab(keptDirectory());
    const kept = ['--profile', lab.profile, '--debian', String(lab.debian)];
    const { site, ...options } = optionsOf([...kept, ...args.slice(1)], context);
    const named = args.some((word) => word.startsWith('--site'));
    return runOn(lab, { ...options, site: named ? withHostKeys(site, lab.document) : lab.document }, context);
  }
  const { keep, profile, debian, magnumApi, ...options } = optionsOf(args, context);
  say('Starting the lab …');
  const started = Date.now();
  const { image, directory } = labEnvironment();
  const lab = await startLab({
    document: options.site,
    image,
    profile,
    magnumApi,
    directory: keep ? keptDirectory() : directory,
    detached: keep,
    speed: SPEED,
  });
  const simulated = profile === 'controllers';
  const hosts = [
    ...['bastion', ...(simulated ? [] : [OPENSTACK_HOST])],
    ...options.site.controllers.map(({ name }) => name),
  ].join(', ');
  say(
    `Site ${options.site.name} in the lab, after ${((Date.now() - started) / 1000).toFixed(1)} s: ${hosts}, with Debian ` +
      `${debian} and its real pacemaker, HAProxy, sshd and iptables. ` +
      (simulated
        ? `Keystone and Magnum are simulated; clusters come about ${SPEED} times as fast as in truth.`
        : `Keystone and Magnum are real${profile === 'full' ? ', and so are Glance, Heat, Neutron and Nova' : ''}.`),
  );
  try {
    return await runOn(lab, { ...options, site: lab.document }, context);
  } finally {
    if (keep) {
      say(
        `\nThe lab stays up.\n  A shell:      npm run lab -- shell HOST    (${hosts})\n` +
          `  An execution: npm run lab -- run --mode check, or of an edited document: npm run lab -- run --site FILE\n` +
          `  Its end:      npm run lab -- stop`,
      );
    } else await lab.stop();
  }
}

async function runOn(lab: Lab, options: RunOptions, context: Context): Promise<number> {
  const template = await synthesized();
  const site = { ...lab, document: options.site };
  const logs: LogLine[] = [];
  const deployment = await deploy({
    template,
    site,
    clock: hurriedClock(lab.profile === 'controllers' ? SPEED : 1),
    log: (line) => logs.push(line),
  });
  try {
    return await runModes({ deployment, logs }, options, context);
  } finally {
    await deployment.close();
  }
}

interface LabRunOptions extends RunOptions {
  readonly keep: boolean;
  readonly profile: Profile;
  readonly debian: Debian;
  readonly magnumApi: MagnumApi;
}

interface LabValues extends RunValues {
  readonly keep?: boolean;
  readonly profile: Profile;
  readonly debian: string;
  readonly magnumApi: MagnumApi;
}

function labCommand(context: Context): Command {
  const command = newCommand('npm run lab --', context).description(
    'Runs the main job on a lab of real daemons, on this machine: Linux, as root.',
  );
  return withRunOptions(command, EXAMPLE_SITE)
    .addOption(
      new Option(
        '--profile <profile>',
        'what of OpenStack is real: nothing (controllers); Keystone and Magnum (core); also what clusters are made of ' +
          '(full). The last two have lab/sites/openstack.json as site',
      )
        .choices([...PROFILES])
        .default('controllers'),
    )
    .option('--debian <release>', 'the Debian of the hosts: 11, 12 or 13; full has 12 only', String(defaultDebian()))
    .addOption(
      new Option(
        '--magnum-api <how>',
        "how real Magnum's API runs: uWSGI on its controller's address (bound); uWSGI on all addresses, as Debian's " +
          'package has it (stock); the program magnum-api (program). See docs/debian.md',
      )
        .choices([...MAGNUM_APIS])
        .default('bound'),
    )
    .option('--keep', 'leave the lab up')
    .addHelpText('after', AFTER);
}

/** @throws UsageError, SiteDocumentInvalid, CommanderError */
function optionsOf(args: readonly string[], context: Context): LabRunOptions {
  const command = labCommand(context).parse(args, { from: 'user' });
  const { keep = false, profile, magnumApi, ...values } = command.opts<LabValues>();
  const debian = debianOption(values.debian);
  if (profile === 'full' && debian !== 12) throw new UsageError('--profile full has Debian 12 only.');
  const openstack = profile !== 'controllers' && command.getOptionValueSource('site') === 'default';
  const options = runOptions({ ...values, ...(openstack && { site: OPENSTACK_SITE }) });
  // Of nothing no cluster can be made.
  const core = profile === 'core' && {
    release: GENERATIONS[debian].openstack,
    clusterTemplates: [],
    clusters: [],
  };
  return { ...options, site: { ...options.site, ...core }, keep, profile, debian, magnumApi };
}

function sayer({ out }: Context): (text: string) => void {
  return (text) => {
    out.write(`${text}\n`);
  };
}

/** @throws UsageError */
function debianOption(name: string): Debian {
  try {
    return debianNamed(name);
  } catch (error) {
    if (error instanceof UnknownDebian) throw new UsageError(error.message);
    throw error;
  }
}

/** An edited document for a lab that is up: with its host keys. @throws UsageError if the lab has other hosts */
function withHostKeys(site: Site, { name, bastion, controllers }: Site): Site {
  const hosts = (all: Site['controllers']) => all.map((one) => `${one.name} ${one.address}`).join(', ');
  if (site.name !== name || hosts(site.controllers) !== hosts(controllers)) {
    throw new UsageError(
      `The lab that is up is the site ${name} with the controllers ${hosts(controllers)}: start another for this document.`,
    );
  }
  return { ...site, bastion, controllers };
}

/** Where a lab that stays up keeps what belongs to it: only root can read it. */
function keptDirectory(): string {
  const directory = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'magnum-ha', 'kept');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}
