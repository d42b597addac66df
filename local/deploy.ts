import { randomBytes } from 'node:crypto';
import { allSecretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import { synthesized } from './emulator/assembly';
import { Deployment } from './emulator/aws/deployment';
import type { LogLine } from './emulator/aws/lambda';
import type { Parameter } from './emulator/aws/ssm';
import type { Template } from './emulator/aws/template';
import { realClock } from '../domain/world';
import { realRandom } from './random';
import { type SimulatedSite, type SimulatedSiteOptions, startSimulatedSite } from './simulated-site';
import { type SshFront, startSshFront } from './simulated-site/ssh-server';
import { timings as trueTimings } from './simulated-site/timings';

/** A simulated site with the stack deployed beside it. */
export interface Local {
  readonly site: SimulatedSite & SshFront;
  readonly deployment: Deployment;
  /** Every line the functions printed. */
  readonly logs: readonly LogLine[];
  close(): Promise<void>;
}

/** What a local deployment can be told. */
export interface LocalOptions extends Pick<SimulatedSiteOptions, 'timings' | 'bare'> {
  /** How many times as fast as in truth waits pass and clusters are created. */
  readonly speed: number;
  /** Values of secrets by parameter name; the others are made. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Starts a simulated site and deploys the stack beside it. */
export async function startLocal(site: Site, { speed, secrets = {}, ...pace }: LocalOptions): Promise<Local> {
  const template = await synthesized(site);
  const made = allSecretNames(site).map((name) => [name, randomBytes(18).toString('base64url')] as const);
  const values: Record<string, string> = { ...Object.fromEntries(made), ...secrets };
  const { cluster, heatTakes, heartbeat, rpcTimeout } = trueTimings();
  const simulated = startSimulatedSite({
    document: site,
    secrets: values,
    clock: realClock,
    random: realRandom,
    ...pace,
    timings: {
      cluster: cluster / speed,
      heatTakes: heatTakes / speed,
      heartbeat: heartbeat / speed,
      rpcTimeout: rpcTimeout / speed,
      ...pace.timings,
    },
  });
  const logs: LogLine[] = [];
  const front = await startSshFront(simulated);
  const { document, privateKey } = front;
  const deployment = await deploy({
    template,
    site: { document, privateKey, secrets: values },
    speed,
    log: (line) => logs.push(line),
  });
  return {
    site: { ...simulated, ...front },
    deployment,
    logs,
    close: async () => {
      await deployment.close();
      await simulated.close();
    },
  };
}

/** What a stack is deployed for. */
export interface DeployOptions {
  readonly template: Template;
  /** The site with its own key, addresses and host keys: they take the place of the template's. */
  readonly site: {
    readonly document: Site;
    readonly privateKey: string;
    readonly secrets: Readonly<Record<string, string>>;
  };
  /** How many times as fast as in truth waits pass. */
  readonly speed: number;
  /** Gets every line the functions print. */
  readonly log: (line: LogLine) => void;
}

/** Deploys the stack on this machine, with a Parameter Store that holds what an operator would have put there. */
export function deploy({ template, site, log }: DeployOptions): Promise<Deployment> {
  const { document, privateKey, secrets } = site;
  const parameters = new Map<string, Parameter>([
    ...Object.entries(secrets).map(([name, value]) => [name, { type: 'SecureString', value }] as const),
    [document.ssh.privateKey.ssm, { type: 'SecureString', value: privateKey }] as const,
    [`/magnum-ha/sites/${document.name}`, { type: 'String', value: JSON.stringify(document) }] as const,
  ]);
  return Deployment.start({ template, parameters, clock: realClock, random: realRandom, log });
}
