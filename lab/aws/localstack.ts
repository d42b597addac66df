import { execFileSync, spawn } from 'node:child_process';
import { closeSync, copyFileSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prerequisites } from './prerequisites';
import { cached, made, pythonPrograms } from './python';

const FILES = join(__dirname, 'localstack');
/** AWS's runtime interface client for Node.js. */
const RUNTIME = 'aws-lambda-ric@4.0.2';
const UP_SECONDS = 120;

/** What a client of the SDK needs. */
interface Account {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** An address of this machine takes no name in front. */
  readonly disableHostPrefix: true;
}

const REGION = 'us-east-1';
const CREDENTIALS = { accessKeyId: '000000000000', secretAccessKey: 'localstack' };

/** AWS on this machine, as LocalStack makes it: one account, on a port of 127.0.0.1, in memory. */
export interface LocalStack {
  /** What clients need in their environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client of one of its services. */
  readonly client: <T>(service: new (account: Account) => T) => T;
  readonly close: () => Promise<void>;
}

/** Starts LocalStack, and installs it before if it is missing: that takes two minutes, once. @throws Error if it does not start */
export async function startLocalStack({ python, javaHome }: Prerequisites): Promise<LocalStack> {
  const programs = pythonPrograms('localstack', python, join(FILES, 'requirements.txt'));
  const [jars, runtime] = [jsonata(), lambdaRuntime()];
  const directory = mkdtempSync(join(tmpdir(), 'magnum-ha-localstack-'));
  const address = `127.0.0.1:${await freePort()}`;
  const log = join(directory, 'log');
  const descriptor = openSync(log, 'w');
  const child = spawn(join(programs, 'python'), [join(FILES, 'launcher.py')], {
    stdio: ['ignore', descriptor, descriptor],
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      TMPDIR: directory,
      ...{ JAVA_HOME: javaHome, JSONATA: jars, RUNTIME: runtime, NODE: process.execPath },
      ...{ GATEWAY_LISTEN: address, LOCALSTACK_HOST: address, FILESYSTEM_ROOT: join(directory, 'files') },
      // It asks nobody outside, and serves no names.
      ...{ DISABLE_EVENTS: '1', SKIP_SSL_CERT_DOWNLOAD: '1', DNS_ADDRESS: '0' },
      ...{ DYNAMODB_IN_MEMORY: '1', LAMBDA_KEEPALIVE_MS: '600000' },
    },
  });
  closeSync(descriptor);
  const ended = new Promise<void>((resolve) =>
    child.once('exit', () => {
      resolve();
    }),
  );
  const close = async () => {
    child.kill();
    const timer = setTimeout(() => child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await isUp(`http://${address}/_localstack/health`, () => child.exitCode === null);
  } catch (error) {
    const end = readFileSync(log, 'utf8').slice(-2000);
    await close();
    throw new Error(`LocalStack did not start: ${end}`, { cause: error });
  }
  const endpoint = `http://${address}`;
  const account = { endpoint, region: REGION, credentials: CREDENTIALS, disableHostPrefix: true } as const;
  return { environment: environmentOf(endpoint), client: (Service) => new Service(account), close };
}

/** Where the Java JSONata is. */
function jsonata(): string {
  const pom = join(FILES, 'pom.xml');
  const directory = cached('jsonata', readFileSync(pom, 'utf8'));
  return made(directory, () => {
    mkdirSync(directory, { recursive: true });
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${directory}`];
    execFileSync('mvn', ['--quiet', '--batch-mode', '--file', pom, ...goal], { stdio: ['ignore', 2, 2] });
  });
}

/** The script that runs a function's handler. */
function lambdaRuntime(): string {
  const client = join(FILES, 'rapid-client.mjs');
  const directory = cached('lambda-runtime', RUNTIME, readFileSync(client, 'utf8'));
  const installed = join(directory, 'node_modules/aws-lambda-ric');
  made(directory, () => {
    mkdirSync(directory, { recursive: true });
    const options = ['--prefix', directory, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', ...options, RUNTIME], { stdio: ['ignore', 2, 2] });
    // Where it looks for what its install script would have compiled.
    copyFileSync(client, join(installed, 'rapid-client.node.js'));
  });
  return join(installed, 'index.mjs');
}

function environmentOf(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}

async function isUp(url: string, runs: () => boolean): Promise<void> {
  for (let second = 0; second < UP_SECONDS && runs(); second++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(1000);
  }
  throw new Error(`${url} did not answer in ${UP_SECONDS} s.`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}
