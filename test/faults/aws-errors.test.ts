import { TASK_NAMES, fileOf } from '../../domain/tasks';
import { synthesized } from '../../local/emulator/assembly';
import { type ExecutionResult, StatesError } from '../../local/emulator/asl';
import type { Call } from '../../local/emulator/aws/deployment';
import { functionOf } from '../../local/emulator/aws/integrations/lambda';
import { seededRandom } from '../../local/random';
import { changes, document, outageOf, reportOf, run, withLocal } from '../workflow/local';

// What AWS documents as passing by itself, injected into applies of a fresh site, on virtual time.

const site = document('golden');

/** How an apply went. */
interface Run {
  /** SUCCEEDED; or its error, and how many commands had changed something by then. */
  readonly end: string;
  /** The states whose calls were refused. */
  readonly refusedIn: ReadonlySet<string>;
  /** Every state that called something, in order, with the service. */
  readonly calls: readonly string[];
  readonly seconds: number;
  readonly outageMs: number | null;
}

/** What stands between the workflow and AWS: throws what AWS refuses a call with. Calls of functions have no state. */
type Refuse = (call: { service: string; state?: string; task?: string; now: number }) => void;

async function apply(refuse: Refuse = () => undefined): Promise<Run> {
  const refusedIn = new Set<string>();
  const calls: string[] = [];
  const { functions } = await synthesized();
  const tasks = new Map(TASK_NAMES.map((task) => [`magnum-ha: ${fileOf(task)}`, task]));
  const taskOf = ({ args }: Call) => {
    const { FunctionName = '' } = args as { FunctionName?: string };
    return tasks.get(functions.get(functionOf(FunctionName).name)?.description ?? '');
  };
  let now = () => 0;
  const options: Parameters<typeof withLocal>[2] = {
    random: seededRandom(1),
    intercept: async (call: Call, proceed: () => Promise<unknown>) => {
      const service = call.resource.replace('arn:aws:states:::', '').replace(/:\w+$/, '');
      const task = service === 'lambda' ? taskOf(call) : undefined;
      calls.push(`${service} ${call.stateName}`);
      try {
        refuse({ service, state: call.stateName, now: now(), ...(task && { task }) });
      } catch (error) {
        refusedIn.add(call.stateName);
        throw error;
      }
      return proceed();
    },
    serve: async (service: string, answer: () => Promise<unknown>) => {
      refuse({ service, now: now() });
      return answer();
    },
  };
  return withLocal(
    site,
    async (local) => {
      now = () => local.clock.now();
      const from = now();
      const result = await run(local);
      const touched = changes(local).length;
      const succeeded = result.status === 'SUCCEEDED';
      return {
        end: succeeded ? 'SUCCEEDED' : `${result.error ?? result.status}, ${touched} changes: ${result.cause ?? ''}`,
        ...{ refusedIn, calls, seconds: (now() - from) / 1000 },
        outageMs: succeeded ? outageOf(reportOf(result)) : null,
      };
    },
    options,
  );
}

/** Whether it succeeded, or was refused before anything was touched. */
const isWell = ({ end }: Run) => end === 'SUCCEEDED' || end.includes(', 0 changes');

let whole: Run;
beforeAll(async () => {
  whole = await apply();
});

/** A function that nobody used for weeks: its first invocation is refused, and all others for a minute and a half. */
function inactive(isAsleep: (task: string) => boolean, error: string): Refuse {
  const awakeAt = new Map<string, number>();
  return ({ task, now }) => {
    if (task === undefined || !isAsleep(task)) return;
    if (!awakeAt.has(task)) awakeAt.set(task, now + 90_000);
    // As Step Functions tells it of Lambda.
    if (now < (awakeAt.get(task) ?? 0)) {
      throw new StatesError(
        error,
        'INFO: Lambda is initializing your function. It will be ready to invoke shortly. (Service: Lambda, Status Code: 409)',
      );
    }
  };
}

/** By what name Step Functions has told of one: by Lambda's own since that is in its API, before by the general one; and where its interface is gone. */
const INACTIVE = [
  'Lambda.CodeArtifactUserPendingException',
  'Lambda.AWSLambdaException',
  'Lambda.ResourceNotReadyException',
];

describe.each(INACTIVE)('functions that are inactive by %s', (error) => {
  test('all at once are awake before anything is touched, which takes a few minutes', async () => {
    const { end, refusedIn, seconds, outageMs } = await apply(inactive(() => true, error));

    expect(end).toBe('SUCCEEDED');
    expect([...refusedIn]).toEqual(['Load site', 'Wake function']);
    expect(seconds).toBeLessThan(whole.seconds + 300);
    expect(outageMs).toBe(whole.outageMs);
  });
});

test.each(TASK_NAMES)('an inactive function of %s costs minutes at most', async (task) => {
  const { end, refusedIn } = await apply(inactive((one) => one === task, INACTIVE[0] ?? ''));

  expect(end).toBe('SUCCEEDED');
  expect([...refusedIn]).toEqual(task === 'loadSite' ? ['Load site'] : task === 'lookAtSite' ? [] : ['Wake function']);
});

/** What a service answers for a minute, from the first call of a state on. */
interface Refusal {
  readonly service: string;
  readonly error: () => Error;
}

const states = (error: string) => () => new StatesError(error, 'as AWS says it');
/** Of functions' clients: one error after the other. */
const named = (...names: string[]) => {
  let count = 0;
  return () => Object.assign(new Error('as AWS says it'), { name: names[count++ % names.length] });
};

const REFUSALS: readonly (Refusal & { readonly what: string })[] = [
  { what: 'Lambda: TooManyRequestsException', service: 'lambda', error: states('Lambda.TooManyRequestsException') },
  { what: 'Lambda: ServiceException', service: 'lambda', error: states('Lambda.ServiceException') },
  { what: 'SSM: throttling and errors', service: 'ssm', error: named('ThrottlingException', 'InternalServerError') },
  {
    what: 'S3: throttling and errors',
    service: 's3',
    error: named('SlowDown', 'InternalError', 'ServiceUnavailable'),
  },
  { what: 'DynamoDB: errors', service: 'dynamodb', error: states('DynamoDB.AmazonDynamoDBException') },
];

/** The service refuses for a minute from the moment the state calls something for the first time. */
function forAMinuteFrom(first: string, { service, error }: Refusal): Refuse {
  let until: number | undefined;
  return ({ service: called, state, now }) => {
    if (state === first) until ??= now + 60_000;
    if (called === service && until !== undefined && now < until) throw error();
  };
}

test.each(REFUSALS)('$what for a minute, from any state on: an apply succeeds, or touches nothing', async (refusal) => {
  const ends: Record<string, string> = {};
  for (const call of new Set(whole.calls)) {
    const state = call.replace(/^\S+ /, '');
    const one = await apply(forAMinuteFrom(state, refusal));
    if (!isWell(one)) ends[state] = one.end;
  }

  expect(new Set(whole.calls).size).toBeGreaterThan(20);
  expect(ends).toEqual({});
});

describe('an apply that waits for approval', () => {
  /**
   * DynamoDB refuses to keep the token for a minute, if it does; then somebody answers with an error.
   *
   * @returns how the apply ends, and how often the token was to be kept
   */
  async function asked(refusal: string | undefined, answer: string) {
    let attempts = 0;
    let until: number | undefined;
    let now = () => 0;
    const intercept = async ({ stateName }: Call, proceed: () => Promise<unknown>) => {
      if (stateName !== 'Await approval') return proceed();
      attempts++;
      until ??= now() + 60_000;
      if (refusal !== undefined && now() < until) throw new StatesError(refusal, 'as AWS says it');
      return proceed();
    };
    const waiting = { ...site, approval: 'required' } as const;
    return withLocal(
      waiting,
      async ({ deployment, clock }) => {
        now = () => clock.now();
        const input = {
          site: site.name,
          mode: 'apply',
          startedBy: 'arn:aws:sts::111111111111:assumed-role/operators/ada',
        };
        const { result } = deployment.start('magnum-ha', { input });
        let ended: ExecutionResult | undefined;
        void result.then((one) => (ended = one));
        while (!ended) {
          const items = [...deployment.tables.values()].flatMap((table) => [...table.items.values()]);
          const token = items.find((item) => item['token'] !== undefined)?.['token']?.S;
          if (token !== undefined) {
            deployment.stepFunctions.tokens.sendTaskFailure(token, answer, 'not today');
            break;
          }
          await clock.sleep(1_000);
        }
        const { status, error: failure } = await result;
        return { end: failure ?? status, attempts };
      },
      { random: seededRandom(1), intercept },
    );
  }

  test.each(['DynamoDb.DynamoDbException', 'DynamoDb.ProvisionedThroughputExceededException'])(
    'outlives a minute of %s',
    async (refusal) => {
      const { end, attempts } = await asked(refusal, 'ApprovalRejected');

      expect(end).toBe('ApprovalRejected');
      expect(attempts).toBeGreaterThan(2);
    },
  );

  test('asks once, by whatever error somebody answers', async () => {
    const { end, attempts } = await asked(undefined, 'NotOnAFriday');

    expect({ end, attempts }).toEqual({ end: 'NotOnAFriday', attempts: 1 });
  });
});
