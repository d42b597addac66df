import type { S3Client } from '@aws-sdk/client-s3';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { secretsIn } from '../domain/secrets/ssm';
import { documentsIn } from '../domain/site/bucket';
import { fileOf, type Invocation, TASK_NAMES, type TaskFunction, type TaskName } from '../domain/tasks';
import { runWired } from '../domain/wire';
import type { Clock, ConnectOptions, Random, Transport, World } from '../domain/world';
import type { FunctionConfig, Handler, LogLine } from './emulator/aws/functions';
import { ServiceError } from './emulator/service-error';
import type { Template } from './emulator/aws/template';
import { EndingClock } from './simulated-site/ending-clock';
import { TASK_FUNCTIONS } from './tasks';

/** What tasks in this process are made with. */
export interface InProcessOptions {
  readonly template: Template;
  readonly ssm: LocalService;
  readonly s3: LocalService;
  readonly clock: Clock;
  readonly random: Random;
  /** @param killed aborted when the process that connects is gone */
  readonly connect: (options: ConnectOptions, killed: AbortSignal) => Promise<Transport>;
  readonly log: (line: LogLine) => void;
  /** What works on buckets alone, by file. */
  readonly archives: Readonly<Record<string, (environment: FunctionConfig['environment']) => Handler>>;
}

/** A service of AWS on this machine. */
export interface LocalService {
  call(caller: string, action: string, input: Record<string, unknown>): unknown;
}

/**
 * Every function of the template as a handler in this process: its task from the modules, on this clock, connected without a
 * wire. What it may read is what its role allows.
 */
export function inProcessHandlers(options: InProcessOptions): ReadonlyMap<string, Handler> {
  const { template, archives } = options;
  const tasks = new Map(TASK_NAMES.map((task) => [fileOf(task), task]));
  return new Map(
    [...template.functions].flatMap(([name, { description, environment }]) => {
      const file = description.replace('magnum-ha: ', '');
      const archive = archives[file];
      if (archive) return [[name, archive(environment)] as const];
      const task = tasks.get(file);
      return task ? [[name, handler(options, name, task, environment)] as const] : [];
    }),
  );
}

function handler(
  { ssm, s3, clock, random, connect, log }: InProcessOptions,
  name: string,
  task: TaskName,
  environment: Readonly<Record<string, string>>,
): Handler {
  // The state machine passes each task its own input.
  const run = TASK_FUNCTIONS[task] as TaskFunction<TaskName>;
  const kept = new Map<string, unknown>();
  const { DOCUMENTS_BUCKET: bucket = '', STACK_NAME: stack = '' } = environment;
  const documents = documentsIn(s3Client(s3, name), { bucket, stack });
  const secrets = secretsIn(clientOf<SSMClient>(ssm, name));
  return (event, { killed }) => {
    const { envelope, input } = event as Invocation<TaskName>;
    const transports = new Set<Transport>();
    const life = new EndingClock(clock);
    // The process is gone, and with it its timers and connections; what it began on controllers goes on.
    killed.addEventListener('abort', () => {
      life.end();
      for (const transport of transports) transport.close();
    });
    const world: World = {
      documents,
      secrets,
      kept,
      random,
      clock: life,
      connect: async (wanted) => {
        const transport = await alive(connect(wanted, killed), killed);
        transports.add(transport);
        return transport;
      },
      log: (entry) => {
        const timestamp = new Date(clock.now()).toISOString();
        const message = { ...envelope, ...entry };
        log({ functionName: name, text: JSON.stringify({ timestamp, level: 'INFO', message }) });
      },
    };
    return runWired(run, input, world);
  };
}

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: unknown;
}

/** A client of a service whose calls stay in this process. Errors have their code as their name, as those of AWS's clients. */
function clientOf<Client extends { send: unknown }>(service: LocalService, caller: string): Pick<Client, 'send'> {
  const send = async (command: Command) => {
    const input = JSON.parse(JSON.stringify(command.input)) as Record<string, unknown>;
    try {
      return await service.call(caller, command.constructor.name.replace(/Command$/, ''), input);
    } catch (error) {
      throw error instanceof ServiceError ? Object.assign(new Error(error.message), { name: error.code }) : error;
    }
  };
  return { send };
}

/** Likewise, of S3: contents are bytes, as its client has them. */
function s3Client(s3: LocalService, caller: string): Pick<S3Client, 'send'> {
  const call = (named: string, action: string, input: Record<string, unknown>) =>
    Promise.resolve(s3.call(named, action, input)).then((answer) => {
      const { Body, ...others } = answer as { readonly Body?: string };
      return Body === undefined
        ? answer
        : { ...others, Body: { transformToByteArray: () => Promise.resolve(Buffer.from(Body)) } };
    });
  return clientOf<S3Client>({ call }, caller);
}

/** What a killed process never learns. */
function alive<T>(doing: Promise<T>, killed: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    doing.then(
      (value) => {
        if (!killed.aborted) resolve(value);
      },
      (error: unknown) => {
        if (!killed.aborted) reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
