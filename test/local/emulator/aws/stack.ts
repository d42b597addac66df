import type { Random } from '../../../../domain/world';
import { Deployment, type DeploymentOptions } from '../../../../local/emulator/aws/deployment';
import type { Rule } from '../../../../local/emulator/aws/event-bus';
import type { Handler, LogLine } from '../../../../local/emulator/aws/functions';
import type { Statement } from '../../../../local/emulator/aws/iam';
import type { Machine, Template } from '../../../../local/emulator/aws/template';
import { type VirtualClock, virtualClock } from '../../../../local/virtual-clock';

export const START = Date.UTC(2030, 0, 1);
const ROLE = 'arn:aws:iam::123456789012:role/tested';

/** May do everything. */
export const ALL: readonly Statement[] = [{ effect: 'Allow', actions: ['*'], resources: ['*'] }];

export const arnOf = (machine: string) => `arn:aws:states:us-east-1:123456789012:stateMachine:${machine}`;

/** Always the same number, but bytes that differ: so names do. */
export function counting(): Random {
  let next = 0;
  return { number: () => 0.5, bytes: (length) => Buffer.from(Array.from({ length }, () => next++ % 251)) };
}

/** A state machine in JSONata that starts at the first of the states. */
export function definition(states: Record<string, object>, top: object = {}): object {
  return { QueryLanguage: 'JSONata', ...top, StartAt: Object.keys(states)[0], States: states };
}

/** A stack for a test. */
export interface Stack {
  /** Definitions by name. */
  readonly machines: Readonly<Record<string, object>>;
  readonly express?: readonly string[];
  /** What the roles of machines allow; the others may do everything. */
  readonly statements?: Readonly<Record<string, readonly Statement[]>>;
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** Partition keys by table. */
  readonly tables?: Readonly<Record<string, string>>;
  readonly buckets?: readonly string[];
  readonly topics?: readonly string[];
  readonly rules?: readonly Rule[];
}

/** Deploys a stack in virtual time. */
export async function deployed(
  stack: Stack,
  options: Partial<DeploymentOptions> = {},
): Promise<{ deployment: Deployment; clock: VirtualClock; logs: LogLine[] }> {
  const clock = virtualClock(START);
  const logs: LogLine[] = [];
  const deployment = await Deployment.deploy({
    template: templateOf(stack),
    parameters: [],
    clock,
    random: counting(),
    handlers: () => new Map(Object.entries(stack.handlers ?? {})),
    log: (line) => logs.push(line),
    ...options,
  });
  return { deployment, clock, logs };
}

function templateOf({ machines, express = [], statements = {}, ...stack }: Stack): Template {
  const { handlers = {}, tables = {}, buckets = [], topics = [], rules = [] } = stack;
  const machine = (name: string, one: object): Machine => ({
    name,
    arn: arnOf(name),
    type: express.includes(name) ? 'EXPRESS' : 'STANDARD',
    definition: one,
    roleArn: ROLE,
    statements: statements[name] ?? ALL,
  });
  const config = (name: string) => ({
    name,
    description: '',
    file: '',
    exportName: 'handler',
    environment: {},
    timeoutSeconds: 60,
  });
  return {
    machines: new Map(Object.entries(machines).map(([name, one]) => [name, machine(name, one)])),
    functions: new Map(Object.keys(handlers).map((name) => [name, config(name)])),
    statements: new Map(),
    policies: new Map(),
    parameters: new Map(),
    tables: new Map(Object.entries(tables)),
    buckets: new Map(buckets.map((name) => [name, true])),
    topics,
    rules,
  };
}
