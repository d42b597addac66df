import { randomBytes } from 'node:crypto';
import { allSecretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';
import { type Clock, type Random, realClock } from '../domain/world';
import { synthesized } from './emulator/assembly';
import { Deployment } from './emulator/aws/deployment';
import type { Execution } from './emulator/aws/execution';
import type { LogLine } from './emulator/aws/functions';
import type { Parameter } from './emulator/aws/ssm';
import type { Template } from './emulator/aws/template';
import { fastForwardClock } from './emulator/fast-forward';
import { type SimulatedSite, type SimulatedSiteOptions, startSimulatedSite } from './simulated-site';

/** A simulated site with the stack deployed beside it. */
export interface Local {
  readonly site: SimulatedSite;
  readonly deployment: Deployment;
  /** Every line the functions printed. */
  readonly logs: readonly LogLine[];
  close(): Promise<void>;
}

/** What a local deployment can be told. */
export interface LocalOptions extends Pick<SimulatedSiteOptions, 'timeScale' | 'timings' | 'bare'> {
  /** How many times as fast as in truth the site's clusters are created. */
  readonly speed: number;
  /** Values of secrets by parameter name; the others are made. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** Starts a simulated site and deploys the stack beside it. While an execution runs, time is skipped where nothing happens. */
export async function startLocal(site: Site, { speed, secrets = {}, ...pace }: LocalOptions): Promise<Local> {
  const template = await synthesized(site);
  const made = allSecretNames(site).map((name) => [name, randomBytes(18).toString('base64url')] as const);
  const values: Record<string, string> = { ...Object.fromEntries(made), ...secrets };
  const simulated = await startSimulatedSite({ document: site, secrets: values, speed, ...pace });
  const logs: LogLine[] = [];
  const { document, privateKey } = simulated;
  const clock = fastForwardClock();
  const deployment = await deploy({
    template,
    site: { document, privateKey, secrets: values },
    clock,
    log: (line) => logs.push(line),
    onStart: ({ result }) => {
      // Whoever started it hears of a failure.
      clock.drive(result).catch(() => undefined);
    },
  });
  return {
    site: simulated,
    deployment,
    logs,
    close: async () => {
      await deployment.close();
      await simulated.close();
      clock.clear();
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
  /** @default - the wall clock */
  readonly clock?: Clock;
  /** Gets every line the functions print. */
  readonly log: (line: LogLine) => void;
  /** Is told every execution when it has started. */
  readonly onStart?: (execution: Execution) => void;
}

const random: Random = { number: Math.random, bytes: randomBytes };

/** Deploys the stack on this machine, with a Parameter Store that holds what an operator would have put there. */
export function deploy({ template, site, clock = realClock, log, onStart }: DeployOptions): Promise<Deployment> {
  const { document, privateKey, secrets } = site;
  const parameters = new Map<string, Parameter>([
    ...Object.entries(secrets).map(([name, value]) => [name, { type: 'SecureString', value }] as const),
    [document.ssh.privateKey.ssm, { type: 'SecureString', value: privateKey }] as const,
    [`/magnum-ha/sites/${document.name}`, { type: 'String', value: JSON.stringify(document) }] as const,
  ]);
  return Deployment.deploy({ template, parameters, clock, random, log, ...(onStart && { onStart }) });
}
