import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hurriedClock } from '../../lab/hurried-clock';
import { labEnvironment } from '../../lab/enter';
import { type Lab, type LabOptions, startLab } from '../../lab/lab';
import { catalogue } from '../../domain/commands/catalogue';
import { startedOn } from '../../domain/pacemaker/cluster';
import { parseClusterStatus } from '../../domain/pacemaker/status';
import type { Site } from '../../domain/site/document';
import type { ExecutionResult } from '../../local/emulator/asl';
import { synthesized } from '../../local/emulator/assembly';
import type { Deployment } from '../../local/emulator/aws/deployment';
import { deploy, lockItems, putDocument } from '../../local/deploy';
import { idle } from './idle';

/** How many times as fast as in truth clusters are created. */
const SPEED = 60;
/** How long pacemaker may take until it has HAProxy wherever it can run, in milliseconds. */
const SETTLING_MS = 60_000;
/** Where each controller keeps its files as they were at first. */
const INITIAL = '/var/lib/initial';

/** Something that is done to the lab while an execution runs. */
export interface During {
  /** The state that has just been entered; the first time only. */
  readonly state: string;
  /** Milliseconds after that. */
  readonly after?: number;
  readonly act: () => Promise<unknown>;
}

/** The stack deployed beside a lab, with what tests need to break it, to look at it and to bring it back. */
export interface FaultyLab {
  readonly lab: Lab;
  readonly deployment: Deployment;
  /** Names of the controllers. */
  readonly controllers: readonly string[];
  /** Runs an apply, on another document than the site's own where one is given. */
  apply(during?: During | readonly During[], document?: Site): Promise<ExecutionResult>;
  /** Runs a check. */
  check(): Promise<ExecutionResult>;
  /** Runs a line of bash on a host. @throws Error if it fails */
  bash(host: string, script: string): Promise<string>;
  /** Lets waits take their true time, as what is waited for does; at first they pass faster. */
  unhurried<T>(act: () => Promise<T>): Promise<T>;
  /** Boots a host. Resolves when something can be run on it. */
  powerOn(host: string): Promise<void>;
  /** Brings every controller back to its first files and rules, or takes its fragment away alone. */
  drift(what: 'everything' | 'fragment'): Promise<void>;
  /** Takes what is in place now for the desired files. */
  learn(): Promise<void>;
  /** What is wrong with the files of these controllers: each must be the first or the desired one, and accepted. */
  wrongFiles(controllers: readonly string[]): Promise<string[]>;
  /**
   * What is wrong with HAProxy even after a minute: it must run on these controllers, as each of them sees it, and be
   * enabled, and the VIP must answer HTTP.
   */
  wrongHaproxy(controllers: readonly string[]): Promise<string[]>;
  /** The same at this moment. */
  wrongHaproxyNow(controllers: readonly string[]): Promise<string[]>;
  /** Owners of locks, once whatever follows an execution has ended. */
  locks(): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts a lab, and deploys the stack beside it. */
export async function startFaultyLab(options: Pick<LabOptions, 'document' | 'haproxyNamespace'>): Promise<FaultyLab> {
  const template = await synthesized();
  const lab = await startLab({ ...options, ...labEnvironment(), speed: SPEED });
  const clock = hurriedClock(SPEED);
  const deployment = await deploy({ template, site: lab, clock, log: () => undefined });
  const { document } = lab;
  const controllers = document.controllers.map(({ name }) => name);
  const commands = catalogue(document);
  const files = Object.values(commands.files).map(({ path }) => path);
  const { fragment, magnumConf, rules } = commands.files;
  const known = new Map<string, Set<string>>();

  const bash = async (host: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.exec(host, ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script} on ${host}: exit ${exitCode}: ${stderr}`);
    return stdout;
  };
  const each = <T>(names: readonly string[], act: (name: string) => Promise<T>) => Promise.all(names.map(act));
  /** Each file's digest, or that there is none. */
  const digests = async (name: string): Promise<string[]> => {
    const script = `for file in ${files.join(' ')}; do sha256sum "$file" 2> /dev/null || echo "absent  $file"; done`;
    return (await bash(name, script)).trimEnd().split('\n');
  };
  const learn = async () => {
    await each(controllers, async (name) => {
      known.set(name, new Set([...(known.get(name) ?? []), ...(await digests(name))]));
    });
  };

  const wrongNow = async (names: readonly string[]): Promise<string[]> => {
    const wrong = await each(names, async (name) => {
      const xml = await bash(name, 'crm_mon -1 -r --output-as=xml');
      const status = parseClusterStatus(xml, document.haproxy.resource, name);
      const { exitCode } = await lab.exec(name, ['pgrep', '-x', 'haproxy']);
      return [
        ...(status.disabled ? [`${name}: HAProxy is disabled`] : []),
        ...names
          .filter((other) => !startedOn(status, other))
          .map((other) => `${name}: pacemaker does not have HAProxy started on ${other}: ${JSON.stringify(status)}`),
        ...(exitCode === 0 ? [] : [`${name}: no haproxy process`]),
      ];
    });
    const [first = ''] = names;
    // HAProxy answers a bad request itself, whatever its servers do.
    const ask = `exec 3<> /dev/tcp/${document.virtualIp}/5000; printf 'BAD\\r\\n\\r\\n' >&3; head -1 <&3`;
    const { stdout } = await lab.exec(first, ['timeout', '5', 'bash', '-c', ask]);
    return [...wrong.flat(), ...(stdout.includes(' 400 ') ? [] : [`the VIP answers ${first}: ${stdout}`])];
  };

  await each(controllers, (name) =>
    bash(name, `mkdir ${INITIAL} && cp -a ${magnumConf.path} ${rules.path} ${INITIAL}`),
  );
  await learn();

  return {
    lab,
    deployment,
    controllers,
    bash,
    learn,
    unhurried: async (act) => {
      clock.setSpeed(1);
      try {
        return await act();
      } finally {
        clock.setSpeed(SPEED);
      }
    },
    apply: async (during, given = document) => {
      await idle(deployment);
      putDocument(deployment, document.name, given);
      const waiting = new Set([during ?? []].flat());
      const acting: Promise<unknown>[] = [];
      const result = await deployment.start('magnum-ha', {
        input: { site: document.name, mode: 'apply' },
        onEvent: ({ stateEnteredEventDetails: entered }) => {
          for (const one of waiting) {
            if (one.state !== entered?.name) continue;
            waiting.delete(one);
            acting.push(sleep(one.after ?? 0).then(one.act));
          }
        },
      }).result;
      for (const { state } of waiting) throw new Error(`${state} was not reached: ${result.error}: ${result.cause}`);
      await Promise.all(acting);
      return result;
    },
    check: async () => {
      await idle(deployment);
      return await deployment.start('magnum-ha', { input: { site: document.name, mode: 'check' } }).result;
    },
    powerOn: async (host) => {
      await lab.powerOn(host);
      const booted = async () => lab.exec(host, ['test', '-e', '/run/sshd.pid']);
      // At first there is no such host.
      while ((await booted().catch(() => undefined))?.exitCode !== 0) await sleep(50);
    },
    drift: async (what) => {
      const first = [magnumConf, rules].map(({ path }) => `cp -a ${INITIAL}/${basename(path)} ${path}`);
      const others = what === 'everything' ? [...first, `iptables-restore ${rules.path}`] : [];
      await each(controllers, (name) => bash(name, [`rm -f ${fragment.path}`, ...others].join(' && ')));
    },
    wrongFiles: async (names) => {
      const wrong = await each(names, async (name) => {
        const unknown = (await digests(name)).filter((line) => !known.get(name)?.has(line));
        const checks = [
          commands.validateHaproxy.argv.join(' '),
          `iptables-restore --test ${rules.path}`,
          `magnum-conductor --config-file ${magnumConf.path} --version`,
          // What is staged in HAProxy's directory would be read by it.
          `! ls ${document.haproxy.fragmentDirectory} | grep -v '^[0-9a-z-]*[.]cfg$'`,
        ];
        const refused = await each(checks, async (check) => {
          const { exitCode, stderr } = await lab.exec(name, ['bash', '-c', `${check} > /dev/null`]);
          return exitCode === 0 ? [] : [`${name}: ${check}: ${stderr}`];
        });
        return [...unknown.map((line) => `${name}: neither old nor new: ${line}`), ...refused.flat()];
      });
      return wrong.flat();
    },
    wrongHaproxyNow: wrongNow,
    wrongHaproxy: async (names) => {
      // A host that has just booted is not yet missed by the others, nor does it answer.
      const end = Date.now() + SETTLING_MS;
      for (;;) {
        const wrong = await wrongNow(names).catch((error: unknown) => [String(error)]);
        if (wrong.length === 0 || Date.now() > end) return wrong;
        await sleep(200);
      }
    },
    locks: async () => {
      await idle(deployment);
      return lockItems(deployment).map(({ hostKey }) => hostKey?.S ?? '');
    },
    close: async () => {
      await deployment.close();
      await lab.stop();
    },
  };
}
