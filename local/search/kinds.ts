import type { Call } from '../emulator/aws/deployment';
import { StatesError } from '../emulator/asl';
import type { Clock } from '../../domain/world';
import { type CommandFault, GARBLED } from '../simulated-site/command-faults';
import type { Hazards } from './hazards';
import type { Invocation } from './invocations';
import type { Point } from './points';

/** A command at which something goes wrong. */
export interface StruckCommand {
  readonly host: string;
  readonly timeoutSeconds: number;
  /** The invocation that sent it. */
  readonly sender: Invocation | undefined;
  /** What a program could know: every secret of the site. */
  readonly secrets: readonly string[];
}

/** A call of AWS at which something goes wrong. */
export interface StruckCall {
  /** `lambda:invoke Disable HAProxy`. */
  readonly what: string;
  readonly proceed: () => Promise<unknown>;
  readonly clock: Clock;
}

interface Common {
  /** Which points of its sort it can strike. @default all */
  readonly fits?: (point: Point) => boolean;
  /** What no real program does as far as we know: tried last, and only if asked for. */
  readonly pessimistic?: true;
  /** Nothing that runs elsewhere than on the controllers can do anything about the site any more. */
  readonly cutsOff?: true;
}

/** A way in which something goes wrong. */
export type Kind = Common &
  (
    | {
        readonly at: 'command';
        readonly strike: (command: StruckCommand, hazards: Hazards) => CommandFault | undefined;
      }
    | { readonly at: 'call'; readonly strike: (call: StruckCall, hazards: Hazards) => Promise<unknown> }
    | { readonly at: 'state'; readonly strike: (hazards: Hazards) => void }
  );

/** Longer than anybody waits for an answer. */
const NEVER_MS = 3_600_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A late invocation comes so long after the first one's answer. */
const LATE_MS = 5_000;

const command = (fault: CommandFault, more: Common = {}): Kind => ({ at: 'command', ...more, strike: () => fault });
const around = (act: (hazards: Hazards, host: string) => void, more: Common = {}): Kind => ({
  at: 'command',
  ...more,
  strike: ({ host }, hazards) => {
    act(hazards, host);
    return undefined;
  },
});
const withInput = { fits: ({ input = false }: Point) => input };
const pessimistic = { pessimistic: true } as const;
const of = (service: string) => ({ fits: ({ what }: Point) => what.startsWith(`${service}:`) });

/** Every secret in clear and in base64, as a program could print it. */
const spilled = (secrets: readonly string[]) =>
  secrets.flatMap((secret) => [secret, Buffer.from(secret).toString('base64')]).join('\n');

const COMMANDS: Readonly<Record<string, Kind>> = {
  exit: command({ exit: 1 }),
  lost: command({ disconnect: 'after' }),
  'cut-before': command({ disconnect: 'before' }),
  'cut-during': command({ disconnect: 'during' }),
  'late-answer': command({ answerDelay: NEVER_MS }),
  hangs: command({ hang: true }),
  'hangs-after': command({ hang: true, when: 'after' }),
  'ignores-term': command({ hang: true, survives: 'TERM' }),
  'half-input': command({ halfInput: true }, withInput),
  'quotes-input': command({ exit: 1, echoStdinToStderr: true }, withInput),
  'huge-error': command({ exit: 1, stderr: GARBLED.huge('') }),
  'bastion-away': around((hazards) => {
    hazards.bastionAway(MINUTE_MS / 2);
  }),
  'bastion-gone': around(
    (hazards) => {
      hazards.bastionAway();
    },
    { cutsOff: true },
  ),
  'controller-off': around((hazards, host) => {
    hazards.powerOff(host);
  }),
  'controller-silent': around((hazards, host) => {
    hazards.silent(host, MINUTE_MS / 2);
  }),
  'disk-full': around((hazards, host) => {
    hazards.diskFull(host);
  }),
  'disk-full-once': around((hazards, host) => {
    hazards.diskFull(host, 1);
  }),
  'read-only': around((hazards, host) => {
    hazards.readOnly(host);
  }),
  'clock-ahead': around((hazards, host) => {
    hazards.setClock(host, HOUR_MS);
  }),
  'clock-behind': around((hazards, host) => {
    hazards.setClock(host, -HOUR_MS);
  }),
  'haproxy-stays': around((hazards, host) => {
    hazards.haproxyStays(host);
  }),
  'services-stay': around((hazards, host) => {
    hazards.servicesStay(host);
  }),
  'function-killed': {
    at: 'command',
    strike: ({ sender }) => {
      sender?.kill();
      return undefined;
    },
  },
  'function-hangs': {
    at: 'command',
    strike: ({ sender }) => {
      sender?.freeze();
      return undefined;
    },
  },
  // Programs that are not known to do this:
  'late-effect': {
    at: 'command',
    ...pessimistic,
    strike: ({ timeoutSeconds }) => ({ lateEffect: (timeoutSeconds + 5) * 1000 }),
  },
  'does-nothing': command({ exit: 0 }, pessimistic),
  empty: command({ stdout: GARBLED.empty }, pessimistic),
  truncated: command({ stdout: GARBLED.truncated }, pessimistic),
  binary: command({ stdout: GARBLED.binary }, pessimistic),
  huge: command({ stdout: GARBLED.huge }, pessimistic),
  entities: command({ stdout: GARBLED.xmlEntities }, pessimistic),
  spills: { at: 'command', ...pessimistic, strike: ({ secrets }) => ({ exit: 1, stderr: spilled(secrets) }) },
};

const throwing =
  (error: () => Error): Extract<Kind, { at: 'call' }>['strike'] =>
  () =>
    Promise.reject(error());
const states = (error: string, cause: string) => () => new StatesError(error, cause);
const service = (code: string) => () => Object.assign(new Error(code), { name: code });

/** What a service that functions call can answer: throttled, an error, and an error for ever. */
const servesOf = (name: string, throttling: string, failing: string): Readonly<Record<string, Kind>> => ({
  [`${name}-throttled`]: { at: 'call', ...of(name), strike: throwing(service(throttling)) },
  [`${name}-error`]: { at: 'call', ...of(name), strike: throwing(service(failing)) },
  [`${name}-errors`]: {
    at: 'call',
    ...of(name),
    cutsOff: true,
    strike: (_call, hazards) => {
      hazards.failForEver(`${name}:`, service(failing));
      return Promise.reject(service(failing)());
    },
  },
});

const THROTTLED = states('Lambda.TooManyRequestsException', 'Rate Exceeded. (Service: Lambda, Status Code: 429)');
const LAMBDA_ERROR = states('Lambda.ServiceException', 'Internal error (Service: Lambda, Status Code: 500)');
const NO_ANSWER = states('Lambda.SdkClientException', 'Unable to execute HTTP request: Read timed out');
const SFN_ERROR = states('Sfn.SfnException', 'Internal server error');

const answerLost: Extract<Kind, { at: 'call' }>['strike'] = async ({ proceed }) => {
  await proceed();
  throw NO_ANSWER();
};
const answerLate: Extract<Kind, { at: 'call' }>['strike'] = async ({ proceed, clock }) => {
  const answer = await proceed();
  await clock.sleep(NEVER_MS);
  return answer;
};

/** What can go wrong with a service that the machine calls by itself: once, for ever, with its effect, and without an answer in time. */
const callsOf = (name: string, error: () => Error): Readonly<Record<string, Kind>> => ({
  [`${name}-error`]: { at: 'call', ...of(name), strike: throwing(error) },
  [`${name}-errors`]: {
    at: 'call',
    ...of(name),
    cutsOff: true,
    strike: ({ what }, hazards) => {
      hazards.failForEver(what, error);
      return Promise.reject(error());
    },
  },
  [`${name}-lost`]: {
    at: 'call',
    ...of(name),
    strike: async ({ proceed }) => {
      await proceed();
      throw error();
    },
  },
  [`${name}-late`]: { at: 'call', ...of(name), strike: answerLate },
});

const CALLS: Readonly<Record<string, Kind>> = {
  throttled: { at: 'call', ...of('lambda'), strike: throwing(THROTTLED) },
  'lambda-error': { at: 'call', ...of('lambda'), strike: throwing(LAMBDA_ERROR) },
  'lambda-errors': {
    at: 'call',
    fits: ({ what }) => what.startsWith('lambda:'),
    cutsOff: true,
    strike: ({ what }, hazards) => {
      hazards.failForEver(what, LAMBDA_ERROR);
      return Promise.reject(LAMBDA_ERROR());
    },
  },
  'answer-lost': { at: 'call', ...of('lambda'), strike: answerLost },
  'answer-late': { at: 'call', ...of('lambda'), strike: answerLate },
  'invoked-twice': {
    at: 'call',
    ...of('lambda'),
    strike: async ({ proceed }) => {
      const second = proceed().catch(() => undefined);
      const answer = await proceed();
      await second;
      return answer;
    },
  },
  'invoked-again-late': {
    at: 'call',
    ...of('lambda'),
    strike: async ({ proceed, clock }) => {
      const answer = await proceed();
      clock.after(LATE_MS, () => void proceed().catch(() => undefined));
      return answer;
    },
  },
  'begins-late': {
    at: 'call',
    ...of('lambda'),
    strike: ({ proceed, clock }) => {
      clock.after(LATE_MS * 2, () => void proceed().catch(() => undefined));
      return Promise.reject(NO_ANSWER());
    },
  },
  ...callsOf('dynamodb', states('DynamoDB.AmazonDynamoDBException', 'Internal server error')),
  ...callsOf('sns', states('SNS.AmazonSNSException', 'Internal server error')),
  ...callsOf('events', states('EventBridge.FailedEntry', 'Internal failure')),
  'sfn-error': { at: 'call', ...of('aws-sdk:sfn'), strike: throwing(SFN_ERROR) },
  ...servesOf('ssm', 'ThrottlingException', 'InternalServerError'),
  ...servesOf('s3', 'SlowDown', 'InternalError'),
};

const STATES: Readonly<Record<string, Kind>> = {
  aborted: {
    at: 'state',
    cutsOff: true,
    strike: (hazards) => {
      hazards.abort();
    },
  },
  // Somebody stops it and starts again at once.
  'aborted-again': {
    at: 'state',
    strike: (hazards) => {
      hazards.abort();
      hazards.applyAgain();
    },
  },
  'second-apply': {
    at: 'state',
    strike: (hazards) => {
      hazards.applyAgain();
    },
  },
  // By the machine's own limit, which is set for this run: see `startWorld`.
  'timed-out': { at: 'state', cutsOff: true, strike: () => undefined },
};

/** Everything that can go wrong, by name. */
export const KINDS: ReadonlyMap<string, Kind> = new Map(Object.entries({ ...COMMANDS, ...CALLS, ...STATES }));

/** What a call is named by, as a point. */
export function nameOfCall({ resource, stateName }: Pick<Call, 'resource' | 'stateName'>): string {
  return `${resource.replace('arn:aws:states:::', '')} ${stateName}`;
}

/** The kinds that can strike a point. */
export function kindsAt(point: Point, { pessimistic: all }: { readonly pessimistic: boolean }): string[] {
  return [...KINDS]
    .filter(
      ([, { at, fits = () => true, pessimistic: only = false }]) => at === point.at && fits(point) && (all || !only),
    )
    .map(([name]) => name);
}
