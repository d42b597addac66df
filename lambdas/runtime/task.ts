import { randomBytes } from 'node:crypto';
import { SSMClient } from '@aws-sdk/client-ssm';
import { refuseRedriven } from '../../domain/redrive';
import { secretsIn } from '../../domain/secrets/ssm';
import { connectBySsh } from '../../domain/ssh/transport';
import type { Envelope, Invocation, TaskFunction, TaskName, TaskOutput } from '../../domain/tasks';
import { runWired } from '../../domain/wire';
import { type Clock, realClock, type World } from '../../domain/world';
import { documents } from './documents';

/** What Lambda calls a handler with, besides the event. The emulator adds its clock; on AWS there is none. */
interface Context {
  readonly clock?: Clock;
}

/** Made once: these serve every invocation of this environment. */
const secrets = secretsIn(new SSMClient({}));
const kept = new Map<string, unknown>();

/** The Lambda handler of a task: gives it the world as it is. */
export function handlerOf<T extends TaskName>(
  run: TaskFunction<T>,
): (event: Invocation<T>, context?: Context) => Promise<TaskOutput<T> | null> {
  return async (event, context) => {
    refuseRedriven(event);
    return runWired(run, event.input, worldOf(event.envelope, context?.clock ?? realClock));
  };
}

function worldOf(envelope: Envelope, clock: Clock): World {
  return {
    documents,
    secrets,
    kept,
    clock,
    random: { number: Math.random, bytes: randomBytes },
    connect: (options) => connectBySsh(clock, options),
    // Lambda's JSON format keeps an object as it is, so that one query finds an execution's lines of all functions.
    log: (entry) => {
      console.log({ ...envelope, ...entry });
    },
  };
}
