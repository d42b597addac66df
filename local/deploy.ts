import { allSecretNames, secretNames } from '../domain/secrets/references';
import { bucketParameter, DOCUMENT_KEYS } from '../domain/site/bucket';
import { DEFAULT_STACK } from '../domain/site/secret-names';
import type { Site } from '../domain/site/document';
import { type Clock, type Random, realClock } from '../domain/world';
import { synthesized } from './emulator/assembly';
import { Deployment, type DeploymentOptions } from './emulator/aws/deployment';
import type { Item } from './emulator/aws/dynamodb';
import type { LogLine } from './emulator/aws/functions';
import type { Parameter } from './emulator/aws/ssm';
import type { Template } from './emulator/aws/template';
import { fastForwardClock } from './emulator/fast-forward';
import { archiveHandler, archiveLookHandler, fleetMatrixHandler } from './archive';
import { inProcessHandlers, type LocalService } from './in-process';
import { realRandom } from './random';
import {
  generationOf,
  type SimulatedSite,
  type SimulatedSiteOptions,
  startSimulatedSite,
  trusting,
} from './simulated-site';
import { startSshFront } from './simulated-site/ssh-server';
import { QUIET_TURNS_OF_TLS, type VirtualClock, virtualClock } from './virtual-clock';

/** How long a simulated site has been up, in milliseconds, before anything is done with it on virtual time. */
const UPTIME_MS = 60_000;

/** A simulated site with the stack deployed for it. */
export interface Local {
  readonly site: SimulatedSite;
  readonly deployment: Deployment;
  /** Every line the functions printed. */
  readonly logs: readonly LogLine[];
  /** Resolves when all that followed from executions that have ended is done: their records are written. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The same on virtual time, which passes while something is driven by the clock. */
export interface VirtualLocal extends Local {
  readonly clock: VirtualClock;
}

/** What a local deployment can be told. */
export interface LocalOptions extends Pick<SimulatedSiteOptions, 'timings' | 'bare' | 'generation' | 'cloud'> {
  /** Values of secrets by parameter name; the others are made. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * Starts a simulated site behind real SSH, and deploys the stack for it with the bundles that would be deployed. While an
 * execution runs, time is skipped whenever nothing happens.
 */
export async function startLocal(site: Site, options: LocalOptions = {}): Promise<Local> {
  const template = await synthesized();
  const clock = fastForwardClock();
  const secrets = secretsOf(site, realRandom, options.secrets);
  const simulated = startSimulatedSite({
    generation: generationOf(site),
    ...options,
    document: site,
    secrets,
    clock,
    random: realRandom,
  });
  const { document, privateKey } = await startSshFront(simulated);
  const logs: LogLine[] = [];
  const deployment = await deploy({
    template,
    site: { document: trusting(document), privateKey, secrets },
    clock,
    log: (line) => logs.push(line),
    onStart: driving(clock),
  });
  return { ...localOf({ ...simulated, document }, deployment, clock), logs };
}

/** The same on virtual time. */
interface VirtualOptions extends LocalOptions, Pick<DeploymentOptions, 'intercept'> {
  /** @default true chance */
  readonly random?: Random;
  /** When its time begins, in milliseconds since 1970. */
  readonly start?: number;
  /** Lets time pass while any execution runs, for clients that do not drive the clock. @default false */
  readonly unattended?: boolean;
  /** Stands between functions and the services that they call, as `intercept` does between tasks and what they call. */
  readonly serve?: (service: 'ssm' | 's3', answer: () => Promise<unknown>) => Promise<unknown>;
}

/** Starts a simulated site and deploys the stack for it, in this process, on virtual time and without a wire. */
export async function startVirtual(site: Site, options: VirtualOptions = {}): Promise<VirtualLocal> {
  const { random = realRandom, start, unattended = false, intercept, serve, ...pace } = options;
  const template = await synthesized();
  const document = trusting(site);
  const clock = virtualClock(start, document === site ? undefined : QUIET_TURNS_OF_TLS);
  const secrets = secretsOf(site, random, options.secrets);
  const simulated = startSimulatedSite({
    generation: generationOf(site),
    ...pace,
    document: site,
    secrets,
    clock,
    random,
  });
  const logs: LogLine[] = [];
  const deployment = await deploy({
    template,
    // Nobody asks for the key: any will do.
    site: { document, privateKey: secrets[site.ssh.privateKey.ssm] ?? '', secrets },
    clock,
    random,
    log: (line) => logs.push(line),
    handlers: (services) => {
      const served = (name: 'ssm' | 's3'): LocalService => {
        const service: LocalService = services[name];
        if (!serve) return service;
        return { call: (...call) => serve(name, () => Promise.resolve().then(() => service.call(...call))) };
      };
      const archives = {
        archive: archiveHandler(services, { clock, logs }),
        'archive-look': archiveLookHandler(services),
        'fleet-matrix': fleetMatrixHandler(services),
      };
      const { connect } = simulated;
      return inProcessHandlers({
        ...{ template, ssm: served('ssm'), s3: served('s3') },
        ...{ clock, random, connect, log: services.log, archives },
      });
    },
    ...(intercept ? { intercept } : {}),
    ...(unattended ? { onStart: driving(clock) } : {}),
  });
  // What runs there has run for a while, as on every cloud.
  await clock.drive(clock.sleep(UPTIME_MS));
  return { ...localOf(simulated, deployment, clock), logs, clock };
}

/** A clock that can be driven. */
type DrivingClock = Pick<VirtualClock, 'drive'>;

/** Lets time pass until an execution has ended. */
function driving(clock: DrivingClock): NonNullable<DeploymentOptions['onStart']> {
  return ({ result }) => {
    // The caller that started it gets the error.
    clock.drive(result).catch(() => undefined);
  };
}

function localOf(site: SimulatedSite, deployment: Deployment, clock: DrivingClock): Omit<Local, 'logs'> {
  return {
    site,
    deployment,
    settled: () => clock.drive(deployment.bus.settled()),
    close: async () => {
      await deployment.close();
      await site.close();
    },
  };
}

function secretsOf(site: Site, random: Random, given: LocalOptions['secrets'] = {}): Record<string, string> {
  const made = [...allSecretNames(site), secretNames(site).digest].map(
    (name) => [name, random.bytes(24).toString('base64url')] as const,
  );
  return { ...Object.fromEntries(made), ...given };
}

/** What the lock table has: an item for each site in work. */
export function lockItems({ tables }: Deployment): Item[] {
  return [...tables].flatMap(([name, { items }]) => (name.includes('Locks') ? [...items.values()] : []));
}

/** What a stack is deployed for. */
export interface DeployOptions extends Pick<DeploymentOptions, 'log' | 'handlers' | 'intercept' | 'onStart'> {
  readonly template: Template;
  /** The site with its own key, addresses and host keys. */
  readonly site: {
    readonly document: Site;
    readonly privateKey: string;
    readonly secrets: Readonly<Record<string, string>>;
  };
  /** @default the wall clock */
  readonly clock?: Clock;
  /** @default true chance */
  readonly random?: Random;
}

/** Deploys the stack on this machine, with what an operator would have put there: secrets, and the site's document. */
export async function deploy({
  site,
  clock = realClock,
  random = realRandom,
  ...options
}: DeployOptions): Promise<Deployment> {
  const { document, privateKey, secrets } = site;
  const parameters = new Map<string, Parameter>([
    ...Object.entries(secrets).map(([name, value]) => [name, { type: 'SecureString', value }] as const),
    [document.ssh.privateKey.ssm, { type: 'SecureString', value: privateKey }] as const,
  ]);
  const deployment = await Deployment.deploy({ ...options, parameters, clock, random });
  putDocument(deployment, document.name, document);
  return deployment;
}

/** Puts a document for a site into the stack's bucket, right or wrong. @returns the ID of its version */
export function putDocument(
  { parameters, buckets }: Deployment,
  site: string,
  document: object,
  stack = DEFAULT_STACK,
): string {
  const bucket = buckets.get(parameters.get(bucketParameter(stack))?.value ?? '');
  return bucket.put(`${DOCUMENT_KEYS}${site}`, JSON.stringify(document)).versionId;
}
