import { readFileSync } from 'node:fs';
import { defaultDebian, GENERATIONS } from '../../lab/debian';
import { labEnvironment } from '../../lab/enter';
import { hurriedClock } from '../../lab/hurried-clock';
import { labImage } from '../../lab/image';
import { type Lab, startLab } from '../../lab/lab';
import type { MagnumApi } from '../../lab/seed';
import type { Profile } from '../../lab/openstack/real/profile';
import type { Site } from '../../domain/site/document';
import type { Mode } from '../../domain/site/load';
import { parseSite } from '../../domain/site/parse';
import type { ExecutionResult } from '../../local/emulator/asl';
import { synthesized } from '../../local/emulator/assembly';
import type { Deployment } from '../../local/emulator/aws/deployment';
import type { StartOptions } from '../../local/emulator/aws/step-functions';
import { deploy, putDocument } from '../../local/deploy';
import { idle } from '../lab-faults/idle';

/** Who starts executions on a lab, as their input says. */
export const STARTED_BY = 'a test on the lab';

/** The stack deployed beside a lab whose Keystone and Magnum, at the least, are real. */
export interface OpenStackLab {
  readonly lab: Lab;
  /** Names of the controllers. */
  readonly controllers: readonly string[];
  /** What Parameter Store has, by name. */
  readonly parameters: Deployment['parameters'];
  /** Objects of all buckets, once nothing runs any more: texts by key. */
  stored(prefix: string): Promise<ReadonlyMap<string, string>>;
  /** Runs the whole workflow, with another document than the lab's own where one is given. */
  execute(mode: Mode, document?: Site, onEvent?: StartOptions['onEvent']): Promise<ExecutionResult>;
  /** Runs a line of bash on a host, as root and past SSH. @throws Error if it fails */
  bash(host: string, script: string): Promise<string>;
  close(): Promise<void>;
}

/** What a lab for tests with real OpenStack can be told. */
export interface OpenStackLabOptions {
  readonly profile: Exclude<Profile, 'controllers'>;
  /**
   * Whether Magnum has what it needs from the shared services: database, accounts, endpoints.
   * @default true
   */
  readonly provisioned?: boolean;
  /**
   * How magnum-api is started.
   * @default 'bound'
   */
  readonly magnumApi?: MagnumApi;
  /**
   * How many times as fast as in truth the workflow's waits pass; the services take their own time.
   * @default 1
   */
  readonly speed?: number;
  /** Changes the document before the lab is built from it. */
  readonly change?: (document: Site) => Site;
}

/** Starts a lab of real OpenStack, on which Magnum is not configured yet, and deploys the stack beside it. */
export async function startOpenStackLab(options: OpenStackLabOptions): Promise<OpenStackLab> {
  const { profile, provisioned = true, magnumApi = 'bound', speed = 1, change = (site: Site) => site } = options;
  const shipped = parseSite('openstack', readFileSync(`${__dirname}/../../lab/sites/openstack.json`, 'utf8'));
  const release = GENERATIONS[defaultDebian()].openstack;
  // Of Keystone and Magnum alone no cluster can be made.
  const given = change(profile === 'full' ? shipped : { ...shipped, release, clusterTemplates: [], clusters: [] });
  const template = await synthesized();
  const image = await labImage(() => undefined, { profile, provisioned });
  const lab = await startLab({ document: given, image, profile, magnumApi, directory: labEnvironment().directory });
  const deployment = await deploy({ template, site: lab, clock: hurriedClock(speed), log: () => undefined });
  const { document } = lab;
  return {
    lab,
    controllers: document.controllers.map(({ name }) => name),
    parameters: deployment.parameters,
    stored: async (prefix) => {
      await idle(deployment);
      const objects = [...deployment.buckets].flatMap((bucket) => bucket.list({ prefix }).objects);
      return new Map(objects.map(({ key, body }) => [key, body.toString()]));
    },
    bash: async (host, script) => {
      const { exitCode, stdout, stderr } = await lab.exec(host, ['bash', '-c', script]);
      if (exitCode !== 0) throw new Error(`${script} on ${host}: exit ${exitCode}: ${stderr}`);
      return stdout;
    },
    execute: async (mode, changed = document, onEvent) => {
      await idle(deployment);
      putDocument(deployment, document.name, changed);
      return deployment.start('magnum-ha', {
        input: { site: document.name, mode, startedBy: STARTED_BY },
        ...(onEvent && { onEvent }),
      }).result;
    },
    close: async () => {
      await deployment.close();
      await lab.stop();
    },
  };
}
