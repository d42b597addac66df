import type { SSMClient } from '@aws-sdk/client-ssm';
import { parameterStore } from '../domain/secrets/ssm';
import { fileOf, type Invocation, TASK_NAMES, type TaskFunction, type TaskName } from '../domain/tasks';
import { type Clock, clockOf, type ConnectOptions, type Random, type Transport, type World } from '../domain/world';
import type { FunctionConfig, Handler, LogLine } from './emulator/aws/functions';
import type { LocalSsm } from './emulator/aws/ssm';
import type { Template } from './emulator/aws/template';
import { TASK_FUNCTIONS } from './tasks';

/** What tasks in this process are made with. */
export interface InProcessOptions {
  readonly template: Template;
  readonly ssm: Pick<LocalSsm, 'call'>;
  readonly clock: Clock;
  readonly random: Random;
  /** @param killed aborted when the process that connects is gone */
  readonly connect: (options: ConnectOptions, killed: AbortSignal) => Promise<Transport>;
  readonly log: (line: LogLine) => void;
  /** What writes the records of executions. */
  readonly archive: (environment: FunctionConfig['environment']) => Handler;
}

/**
 * Every function of the template as a handler in this process: its task from the modules, on this clock, connected without a
 * wire. What it may read is what its role allows.
 */
export function inProcessHandlers(options: InProcessOptions): ReadonlyMap<string, Handler> {
  const { template, archive } = options;
  const tasks = new Map(TASK_NAMES.map((task) => [fileOf(task), task]));
  return new Map(
    [...template.functions].flatMap(([name, { description, environment }]) => {
      const file = description.replace('magnum-ha: ', '');
      if (file === 'archive') return [[name, archive(environment)] as const];
      const task = tasks.get(file);
      return task ? [[name, handler(options, name, task, environment['SITE_PARAMETER_PREFIX'] ?? '')] as const] : [];
    }),
  );
}

function handler(
  { ssm, clock, random, connect, log }: InProcessOptions,
  name: string,
  task: TaskName,
  prefix: string,
): Handler {
  // The state machine passes each task its own input.
  const run = TASK_FUNCTIONS[task] as TaskFunction<TaskName>;
  const kept = new Map<string, unknown>();
  const stores = parameterStore(callerOf(ssm, name), prefix);
  return (event, { killed }) => {
    const { envelope, input } = event as Invocation<TaskName>;
    const transports = new Set<Transport>();
    // The process is gone, and with it its connections; what it began on controllers goes on.
    killed.addEventListener('abort', () => {
      for (const transport of transports) transport.close();
    });
    const world: World = {
      ...stores,
      kept,
      random,
      clock: endingWith(clock, killed),
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
    return run(input, world);
  };
}

/** A client of SSM whose calls stay in this process. */
function callerOf(ssm: Pick<LocalSsm, 'call'>, caller: string): Pick<SSMClient, 'send'> {
  const send = (command: { readonly constructor: { readonly name: string }; readonly input: unknown }) =>
    Promise.resolve().then(() =>
      ssm.call(
        caller,
        command.constructor.name.replace(/Command$/, ''),
        JSON.parse(JSON.stringify(command.input)) as Record<string, unknown>,
      ),
    );
  return { send };
}

/** The same clock for something that may be killed: nothing happens on it any more then. */
function endingWith(clock: Clock, killed: AbortSignal): Clock {
  const timers = new Set<() => void>();
  killed.addEventListener('abort', () => {
    for (const cancel of timers) cancel();
  });
  return clockOf(
    () => clock.now(),
    (ms, action) => {
      const stop = clock.after(ms, () => {
        timers.delete(cancel);
        if (!killed.aborted) action();
      });
      const cancel = () => {
        timers.delete(cancel);
        stop();
      };
      timers.add(cancel);
      return cancel;
    },
  );
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
