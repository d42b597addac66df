import { readFileSync } from 'node:fs';
import { hurriedClock } from '../../lab/hurried-clock';
import { defaultDebian, GENERATIONS } from '../../lab/debian';
import { labEnvironment } from '../../lab/enter';
import { labImage } from '../../lab/image';
import { type Lab, startLab } from '../../lab/lab';
import type { Profile } from '../../lab/openstack/real/profile';
import { probe, type Probed } from '../../lab/prober';
import type { MagnumApi } from '../../lab/seed';
import { all, type Variant } from '../../lab/seeds/hosts';
import { catalogue } from '../../domain/commands/catalogue';
import type { Mode } from '../../domain/site/load';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';
import type { ExecutionResult } from '../../local/emulator/asl';
import { synthesized } from '../../local/emulator/assembly';
import { deploy } from '../../local/deploy';
import { idle } from '../lab-faults/idle';
import { document } from '../workflow/local';

/** How many times as fast as in truth simulated clusters are created. */
const SPEED = 60;

/** A lab that is seeded as somebody else's cloud, with the stack deployed beside it. */
export interface FieldLab {
  readonly lab: Lab;
  readonly controllers: readonly string[];
  /** Runs a line of bash on a host. @throws Error when it fails */
  bash(host: string, script: string): Promise<string>;
  execute(mode: Mode): Promise<ExecutionResult>;
  /** Runs an execution, and watches the VIP meanwhile. */
  watched(mode: Mode): Promise<Watched>;
  /** By which nothing may have changed: managed files, rules, PIDs of HAProxy and Magnum, by controller. */
  state(): Promise<string[]>;
  close(): Promise<void>;
}

export interface Watched {
  readonly result: ExecutionResult;
  /** What the prober on the bastion saw of the VIP. */
  readonly vip: Probed;
}

export interface FieldOptions {
  /** What differs from the lab's own seeds, in this order. */
  readonly variants?: readonly Variant[];
  /** @default 'controllers' */
  readonly profile?: Exclude<Profile, 'full'>;
  /** @default 'bound' */
  readonly magnumApi?: MagnumApi;
  /** Changes the document before the lab is built from it. */
  readonly change?: (site: Site) => Site;
}

export async function startFieldLab(options: FieldOptions): Promise<FieldLab> {
  const { variants = [], profile = 'controllers', magnumApi = 'bound', change = (site: Site) => site } = options;
  const simulated = profile === 'controllers';
  const given = change(simulated ? document('golden') : openstack());
  const lab = await startLab({
    document: given,
    profile,
    magnumApi,
    image: await labImage(() => undefined, { profile }),
    directory: labEnvironment().directory,
    speed: SPEED,
    adapt: (seeds) => {
      all(...variants)(seeds, given);
    },
  });
  const deployment = await deploy({
    template: await synthesized(),
    site: lab,
    clock: hurriedClock(SPEED),
    log: () => undefined,
  });
  const controllers = lab.document.controllers.map(({ name }) => name);
  const files = Object.values(catalogue(lab.document).files).map(({ path }) => path);

  const bash = async (host: string, script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.exec(host, ['bash', '-c', script]);
    if (exitCode !== 0) throw new Error(`${script} on ${host}: exit ${exitCode}: ${stderr}`);
    return stdout;
  };
  const execute = async (mode: Mode) => {
    await idle(deployment);
    return deployment.start('magnum-ha', { input: { site: lab.document.name, mode } }).result;
  };
  return {
    lab,
    controllers,
    bash,
    execute,
    watched: async (mode) => {
      const ended = await probe(lab);
      const result = await execute(mode);
      return { result, vip: await ended() };
    },
    state: () =>
      Promise.all(
        controllers.map((name) =>
          bash(
            name,
            `for file in ${files.join(' ')}; do sha256sum "$file" 2> /dev/null || echo "absent  $file"; done; ` +
              `iptables -S INPUT 2>&1; pgrep -x haproxy | sort; pgrep -f '[m]agnum-(api|conductor)' | sort`,
          ),
        ),
      ),
    close: async () => {
      await deployment.close();
      await lab.stop();
    },
  };
}

/** The site of real Keystone and Magnum, of which no cluster can be made. */
function openstack(): Site {
  const shipped = parseSite('openstack', readFileSync(`${__dirname}/../../lab/sites/openstack.json`, 'utf8'));
  const release = GENERATIONS[defaultDebian()].openstack;
  return { ...shipped, release, clusterTemplates: [], clusters: [] };
}

/** How an execution ended, with all that it said: for `toMatchObject`. */
export function said({ status, error, cause, output }: ExecutionResult): { status: string; text: string } {
  return { status, text: [error, cause, JSON.stringify(output)].filter((part) => part !== undefined).join(' ') };
}
