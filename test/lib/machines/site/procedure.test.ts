import { type Envelope, fileOf, TASK_NAMES } from '../../../../domain/tasks';
import { StatesError } from '../../../../local/emulator/asl';
import { LocalTable } from '../../../../local/emulator/aws/dynamodb';
import { functionOf } from '../../../../local/emulator/aws/integrations/lambda';
import { ServiceError } from '../../../../local/emulator/service-error';
import type { Site } from '../../../../domain/site/document';
import { site } from '../../../domain/sites';
import { run, START } from '../../../local/emulator/asl/run';
import { virtualClock } from '../../../../local/virtual-clock';
import { type Synthesized, synthesizedStack } from '../../../synthesized';

// The synthesized state machine in virtual time, its functions scripted: what they return and what they throw.

type Payload = Record<string, unknown>;
type Script = Record<string, (payload: Payload, attempt: number) => unknown>;

const golden = site('golden');
const LOCK = 'SHA256:pinned';
const NODES = ['node-1', 'node-2', 'node-3'];
const ME = 'arn:aws:states:eu-west-1:111111111111:execution:tested:one';
const OTHER = 'arn:aws:states:eu-west-1:111111111111:execution:tested:other';

/** The mode of an execution's input. */
const modeOf = (input: unknown) => (input as { mode: string }).mode;
/** What Load site says of one that needs no authorization. */
const acting = (input: unknown) => ({ acts: modeOf(input), outsideWindow: null, startedBy: null });

const FRAGMENT = {
  ...{ kind: 'fragment', path: '/f', digest: 'new', replaces: null, rewritten: true },
  told: { before: null, after: 'whole', key: null },
};
const CONF = {
  ...{ kind: 'magnumConf', path: '/c', digest: 'new', replaces: 'old', rewritten: true },
  told: { before: 'one', after: 'two', key: 'digest-key 01234567' },
};
/** What a roll-back finds on a controller where it has to do everything. */
const restored = (controller: string) => ({
  ...{ controller, asBefore: ['/f'], left: [], firewall: true },
  ...{ stale: ['magnum-api'], haproxyStale: false },
});

/** The version of the site's document that Load site read. */
const DOCUMENT = { version: 'v1', sha256: '0'.repeat(64) };

/** What Load site gives: also what the machine reads of the document. */
const loaded = (answer: { site?: Site }) => ({ document: DOCUMENT, outline: answer.site, ...answer });

/** All goes well and everything changes. */
const GOOD: Script = {
  'load-site': ({ input }) => ({
    ...{ site: golden, lock: LOCK, mode: modeOf(input), ...acting(input) },
    ...{ findings: ['by Load site'], refusal: null },
  }),
  'look-at-haproxy': () => ({ platforms: [], disabled: false }),
  'clear-staging': () => ({ on: NODES, notOn: [] }),
  'look-at-site': () => ({ state: null, notAsWanted: 'something' }),
  preflight: () => ({ platforms: [], findings: ['one'] }),
  'preflight-cloud': ({ findings }) => ({ findings: [...(findings as unknown[]), 'two'] }),
  'inspect-controllers': () => ({
    controllers: NODES.map((name) => ({ name })),
    blastRadius: { listeners: [], resources: [] },
    contents: 'digest',
  }),
  plan: () => ({ changed: true, stage: NODES, restart: NODES, cycle: true, start: [], summary: [] }),
  stage: ({ controller }) => ({ controller, files: [FRAGMENT, CONF], rulesBefore: [] }),
  commit: ({ controller }) => ({ controller, files: [], firewall: false }),
  restart: ({ controller }) => ({ controller, restartedAt: 1, seconds: 1, services: [] }),
  reach: () => null,
  'cycle arm': () => ({ done: true, waitingFor: '', lastAnswerAt: null, firstAnswerAt: null, cycle: 1893456000000 }),
  'cycle disable': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle poll-stopped': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle enable': () => ({ done: false, waitingFor: 'node-1', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle poll-started': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: 3500 }),
  verify: () => ({ healthy: true, waitingFor: [], apis: [], conductors: [] }),
  'ensure-cluster-template': ({ clusterTemplate }) => ({ name: clusterTemplate, action: 'created' }),
  'ensure-cluster': ({ cluster }) => ({ name: cluster, uuid: 'u', action: 'created', done: false }),
  'poll-cluster': ({ cluster }) => ({ ...(cluster as Payload), status: 'CREATE_COMPLETE', done: true }),
  report: (payload) => ({
    report: { ...payload, ...(payload['rollBack'] ? { rollBack: { summary: 'Rolled back.' } } : {}) },
    telling: null,
  }),
  'roll-back': () => ({ controllers: NODES.map(restored), failed: [] }),
  'cycle start-again': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: 9000 }),
};
/** What is there is kept after a failure. */
function keeping({ input }: Payload) {
  return {
    ...{ site: { ...golden, onFailure: 'keep' }, lock: LOCK, mode: modeOf(input), ...acting(input) },
    ...{ findings: [], refusal: null },
  };
}
const KEEPING: Script = { 'load-site': keeping };
const UNCHANGED: Script = {
  plan: () => ({ changed: false, stage: [], restart: [], cycle: false, summary: [] }),
  'ensure-cluster': ({ cluster }) => ({ name: cluster, done: true }),
};

/** What was called after a function was called last. */
const after = (calls: readonly string[], call: string) => calls.slice(calls.lastIndexOf(call) + 1);

/** As Lambda tells Step Functions of an error. */
const broken = (errorType = 'Broken', errorMessage = 'it is "broken"') => {
  throw new StatesError(errorType, JSON.stringify({ errorType, errorMessage, trace: [`${errorType}: at`] }));
};
const pending = (waitingFor: string) => () => ({ done: false, waitingFor, lastAnswerAt: 1000, firstAnswerAt: null });

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 60_000);

interface Circumstances {
  readonly mode?: 'apply' | 'check' | 'recover';
  /** Who holds the lock, and until when (seconds from now). */
  readonly lock?: { readonly owner: string; readonly expiresIn: number };
  /** Status of the other execution; there is none if it is not given. */
  readonly other?: string;
  /** @default 'apply' */
  readonly otherMode?: 'apply' | 'recover';
  /** After how many seconds it ends, and releases its lock. */
  readonly endsAfter?: number;
  /** How many seconds ago it ended. */
  readonly ended?: number;
  /** A call that is refused for a minute, from the first time on, and with which error. */
  /** Whether messages cannot be published. */
  readonly unheard?: boolean;
  readonly refused?: { readonly call: string; readonly error: string };
  /** A task whose function cannot be woken. */
  readonly asleep?: string;
}

async function start(
  script: Script = {},
  { mode = 'apply', lock, other, otherMode = 'apply', endsAfter, ended, refused, unheard, asleep }: Circumstances = {},
) {
  const clock = virtualClock(START);
  const table = new LocalTable('hostKey');
  const expiresAt = String(Math.floor(clock.now() / 1000) + (lock?.expiresIn ?? 0));
  if (lock) {
    table.items.set(LOCK, {
      hostKey: { S: LOCK },
      site: { S: 'other-name' },
      owner: { S: lock.owner },
      expiresAt: { N: expiresAt },
    });
  }
  if (endsAfter !== undefined) clock.after(endsAfter * 1000, () => table.items.delete(LOCK));

  const tasks = new Map(
    [...stack.functions.keys()].map((id) => [
      id,
      String(stack.resources[id]?.Properties['Description']).replace('magnum-ha: ', ''),
    ]),
  );
  const calls: string[] = [];
  const woken: string[] = [];
  const inputs: Record<string, Payload[]> = {};
  const envelopes: Envelope[] = [];
  const told: Payload[] = [];
  const attempts = new Map<string, number>();
  let refusedUntil: number | undefined;
  const item = (action: 'putItem' | 'getItem' | 'updateItem' | 'deleteItem') => (args: unknown) => {
    try {
      return Promise.resolve(table[action](args as Parameters<LocalTable['putItem']>[0]));
    } catch (error) {
      throw error instanceof ServiceError ? new StatesError(`DynamoDB.${error.code}`, error.message) : error;
    }
  };
  const result = await run(stack.definition, {
    clock,
    input: { site: 'golden', mode },
    integrations: {
      'arn:aws:states:::lambda:invoke': async (args) => {
        await Promise.resolve();
        const { FunctionName, Payload } = args as {
          FunctionName: string;
          Payload: { envelope: Envelope; input: Payload | null };
        };
        const { envelope, input } = Payload;
        envelopes.push(envelope);
        const task = tasks.get(functionOf(FunctionName).name) ?? '';
        if (input === null) {
          woken.push(task);
          if (task === asleep) throw new StatesError('Lambda.CodeArtifactUserFailedException', 'It has no code.');
          return { StatusCode: 200, Payload: null };
        }
        const call = task === 'cycle' ? `cycle ${String(input['action'])}` : task;
        calls.push(call);
        (inputs[call] ??= []).push(input);
        const attempt = (attempts.get(call) ?? 0) + 1;
        attempts.set(call, attempt);
        if (call === refused?.call && clock.now() < (refusedUntil ??= clock.now() + 60_000)) broken(refused.error);
        const answer = { ...GOOD, ...script }[call]?.(input, attempt);
        return {
          StatusCode: 200,
          Payload: task === 'load-site' ? loaded(answer as { site?: Site }) : answer,
        };
      },
      'arn:aws:states:::sns:publish': (args) => {
        told.push(args as Payload);
        return unheard ? Promise.reject(new StatesError('SNS.InternalError', 'none')) : Promise.resolve({});
      },
      'arn:aws:states:::events:putEvents': (args) => {
        told.push(args as Payload);
        return Promise.resolve({});
      },
      'arn:aws:states:::aws-sdk:dynamodb:putItem': item('putItem'),
      'arn:aws:states:::dynamodb:putItem': item('putItem'),
      'arn:aws:states:::dynamodb:updateItem': item('updateItem'),
      'arn:aws:states:::dynamodb:getItem': item('getItem'),
      'arn:aws:states:::dynamodb:deleteItem': item('deleteItem'),
      'arn:aws:states:::states:startExecution': () =>
        Promise.reject(new StatesError('StepFunctions.InvalidArn', 'none')),
      'arn:aws:states:::aws-sdk:sfn:describeExecution': () => {
        if (other === undefined) throw new StatesError('Sfn.ExecutionDoesNotExistException', 'none');
        const stopDate = new Date(clock.now() - (ended ?? 0) * 1000).toISOString();
        return Promise.resolve({
          Status: other,
          Input: JSON.stringify({ site: 'other-name', mode: otherMode }),
          ...(ended === undefined ? {} : { StopDate: stopDate }),
        });
      },
    },
  });
  const seconds = (result.stopDate.getTime() - result.startDate.getTime()) / 1000;
  return {
    ...result,
    calls,
    woken,
    inputs,
    envelopes,
    told,
    seconds,
    owner: table.items.get(LOCK)?.['owner']?.S,
    count: (call: string) => attempts.get(call) ?? 0,
  };
}

describe('an apply', () => {
  test('goes through the procedure, in order, and releases the lock', async () => {
    const { status, calls, owner } = await start();
    expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
    expect(calls).toEqual([
      ...['load-site', 'look-at-haproxy', 'preflight', 'preflight-cloud', 'inspect-controllers', 'plan'],
      ...NODES.map(() => 'stage'),
      ...NODES.map(() => 'commit'),
      ...NODES.map(() => 'restart'),
      ...['reach', 'cycle arm', 'cycle disable', 'cycle enable', 'cycle poll-started', 'verify'],
      ...['ensure-cluster-template', 'ensure-cluster', 'poll-cluster', 'report'],
    ]);
  });

  test('tells the report all it found and did, as its output', async () => {
    const { output } = await start();
    expect(output).toEqual({
      site: golden,
      document: DOCUMENT,
      mode: 'apply',
      execution: expect.stringContaining(':execution:') as string,
      startedAt: '2030-01-01T00:00:00.000Z',
      reportedAt: expect.stringMatching(/^2030-01-01T/) as string,
      findings: ['one', 'two'],
      platforms: [],
      leftDisabled: false,
      authorization: null,
      bootstrap: null,
      schema: null,
      controllers: NODES.map((name) => ({ name })),
      plan: expect.objectContaining({ changed: true }) as object,
      changes: NODES.map((controller) => ({ controller, files: [], firewall: false })),
      restarts: NODES.map((controller) => expect.objectContaining({ controller }) as object),
      started: null,
      cycle: { done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: 3500 },
      verification: expect.objectContaining({ healthy: true }) as object,
      notSeen: null,
      clusterTemplates: [expect.objectContaining({ action: 'created' })],
      clusters: [expect.objectContaining({ status: 'CREATE_COMPLETE', done: true })],
      rollBack: null,
      troubles: [],
      firstCycle: null,
      lastOutages: null,
      staged: NODES.map((controller) => ({
        controller,
        files: [
          { path: '/f', before: null, after: 'whole', key: null },
          { path: '/c', before: 'one', after: 'two', key: 'digest-key 01234567' },
        ],
      })),
      failure: null,
      input: { site: 'golden', mode: 'apply' },
    });
  });

  test('only verifies if nothing differs, and so does a check', async () => {
    for (const mode of ['apply', 'check'] as const) {
      const { status, calls } = await start(UNCHANGED, { mode });
      expect([mode, status]).toEqual([mode, 'SUCCEEDED']);
      expect(after(calls, 'plan')).toEqual(['verify', 'ensure-cluster-template', 'ensure-cluster', 'report']);
    }
  });

  describe('with HAProxy that does not run on a controller', () => {
    const down = { changed: true, stage: [], restart: ['node-1'], start: ['node-3'], cycle: false, summary: [] };
    const step = (done: boolean) => ({ done, waitingFor: 'haproxy to start on node-3', startsNowhere: false });

    test('has it started there after the services, and disables nothing', async () => {
      const { status, calls, output } = await start({
        plan: () => down,
        'cycle start-down': (_, attempt) => step(attempt === 3),
      });

      expect(status).toBe('SUCCEEDED');
      const looks = Array<string>(3).fill('cycle start-down');
      expect(after(calls, 'plan').slice(0, 5)).toEqual(['restart', ...looks, 'verify']);
      expect(calls.some((call) => /cycle (arm|disable|enable)/.test(call))).toBe(false);
      expect(output).toMatchObject({ started: { done: true }, cycle: null });
    });

    test('has it started there before a cycle', async () => {
      const { calls } = await start({
        plan: () => ({ ...down, cycle: true }),
        'cycle start-down': () => step(true),
      });

      expect(after(calls, 'plan').slice(0, 4)).toEqual(['restart', 'cycle start-down', 'reach', 'cycle arm']);
    });

    test('fails if it does not start in its time, and cycles nothing', async () => {
      const { error, cause, calls, seconds, owner } = await start({
        plan: () => ({ ...down, cycle: true }),
        'cycle start-down': () => step(false),
      });

      expect([error, owner]).toEqual(['HAProxyStartTimeout', undefined]);
      expect(cause).toMatch(
        /did not run on node-3, .*waiting for: haproxy to start on node-3\. Nothing was disabled\./,
      );
      expect(calls).not.toContain('cycle arm');
      expect(seconds).toBeGreaterThan(180);
    });
  });

  describe('with HAProxy that is to be rolled', () => {
    const rolling: Script = {
      'load-site': ({ input }) => ({
        ...{ site: { ...golden, haproxy: { ...golden.haproxy, update: 'rolling' } }, lock: LOCK, mode: modeOf(input) },
        ...{ ...acting(input), findings: [], refusal: null },
      }),
      'cycle roll': (_, attempt) => ({ done: attempt > 1, waitingFor: 'node-2', lastAnswerAt: 5, firstAnswerAt: 9 }),
    };

    test('does that after Reach, until it is done, and disables nothing', async () => {
      const { status, calls, inputs } = await start(rolling);

      expect(status).toBe('SUCCEEDED');
      expect(after(calls, 'reach').slice(0, 3)).toEqual(['cycle roll', 'cycle roll', 'verify']);
      expect(calls.filter((call) => call.startsWith('cycle '))).toEqual(['cycle roll', 'cycle roll']);
      expect(inputs['cycle roll']?.[0]).toMatchObject({ before: { cycle: expect.any(Number) as number } });
    });

    test.each<[how: string, error: string, script: Script]>([
      ['takes too long', 'HAProxyRollTimeout', { 'cycle roll': pending('haproxy to start again on node-2') }],
      ['fails', 'HAProxyStopBlocked', { 'cycle roll': () => broken('HAProxyStopBlocked') }],
    ])('that %s ends every ban before it rolls back, and rolls once more', async (_, name, script) => {
      const { error, calls } = await start({ ...rolling, ...script });

      expect(error).toBe(name);
      const next = calls.slice(calls.indexOf('cycle roll')).filter((call) => call !== 'cycle roll');
      expect(next.slice(0, 3)).toEqual(['cycle enable', 'cycle poll-started', 'roll-back']);
      const back = after(calls, 'roll-back');
      expect([back.includes('cycle roll'), after(back, 'cycle roll').includes('cycle enable')]).toEqual([true, true]);
      expect([back.at(-1), calls.includes('cycle disable')]).toEqual(['report', false]);
    });
  });

  describe('with HAProxy that is to be reloaded', () => {
    const reloading: Script = {
      'load-site': ({ input }) => ({
        ...{ site: { ...golden, haproxy: { ...golden.haproxy, update: 'reload' } }, lock: LOCK, mode: modeOf(input) },
        ...{ ...acting(input), findings: [], refusal: null },
      }),
      'cycle reload': (_, attempt) => ({ done: attempt > 1, waitingFor: 'node-2', lastAnswerAt: 9, firstAnswerAt: 9 }),
    };

    test('does that after Reach, until it is done, and disables nothing', async () => {
      const { status, calls, inputs, output } = await start(reloading);

      expect(status).toBe('SUCCEEDED');
      expect(after(calls, 'reach').slice(0, 3)).toEqual(['cycle reload', 'cycle reload', 'verify']);
      expect(calls.filter((call) => call.startsWith('cycle '))).toEqual(['cycle reload', 'cycle reload']);
      expect(inputs['cycle reload']?.[0]).toMatchObject({ before: { cycle: expect.any(Number) as number } });
      expect(output).toMatchObject({ cycle: { done: true } });
    });

    test('fails if it takes too long, and reloads it once more with the fragment of before', async () => {
      const { error, cause, calls } = await start({
        ...reloading,
        'cycle reload': pending('a new process of haproxy to take over on node-2'),
      });

      expect(error).toBe('HAProxyReloadTimeout');
      expect(cause).toMatch(/not everywhere after 180 s; waiting for: a new process .*\nRolled back\./s);
      const back = after(calls, 'roll-back');
      expect([back.includes('cycle reload'), back.at(-1), calls.includes('cycle disable')]).toEqual([
        true,
        'report',
        false,
      ]);
    });
  });

  test('leaves HAProxy alone if its fragment did not change', async () => {
    const { calls } = await start({
      plan: () => ({ changed: true, stage: [], restart: ['node-1'], cycle: false, summary: [] }),
    });
    expect(after(calls, 'plan').slice(0, 2)).toEqual(['restart', 'verify']);
  });

  test('tries again what passes by itself, and nothing else', async () => {
    const unreachable = await start({
      preflight: (_, attempt) => (attempt < 3 ? broken('BastionUnreachable') : { platforms: [], findings: [] }),
    });
    expect([unreachable.status, unreachable.count('preflight')]).toEqual(['SUCCEEDED', 3]);
    expect((await start({ preflight: () => broken('NoQuorum') })).count('preflight')).toBe(1);
  });
});

describe('people', () => {
  const telling = { subject: 'magnum-ha: golden: drift', text: 'Drift.', event: { site: 'golden', outcome: 'drift' } };
  const drift: Script = { report: (payload) => ({ report: payload, telling }) };

  test('are told what the report has for them, and programs by an event', async () => {
    const { told, status } = await start(drift, { mode: 'check' });

    expect(status).toBe('SUCCEEDED');
    expect(told).toEqual([
      expect.objectContaining({ Subject: telling.subject, Message: 'Drift.' }),
      {
        Entries: [
          expect.objectContaining({
            Source: 'magnum-ha',
            DetailType: 'Site report',
            Detail: expect.objectContaining({ report: telling.event }) as object,
          }),
        ],
      },
    ]);
  });

  test('hear nothing if all is as wanted', async () => {
    expect((await start()).told).toEqual([]);
  });

  test('are told of a failure, with its error and cause, and a lock that is free again', async () => {
    const { told, status, owner } = await start({ preflight: () => broken('NoQuorum', 'there is none') });

    expect([status, owner]).toEqual(['FAILED', undefined]);
    expect(told).toEqual([
      expect.objectContaining({
        Subject: 'magnum-ha: NoQuorum',
        Message: expect.stringMatching(
          /^NoQuorum: there is none\n\nIt was asked for: .*golden.*\n.*audit arn:/,
        ) as string,
      }),
    ]);
  });

  test('who cannot be reached change nothing of how it ends', async () => {
    const succeeded = await start(drift, { unheard: true });
    const failed = await start({ preflight: () => broken('NoQuorum') }, { unheard: true });

    expect([succeeded.status, failed.status, failed.error]).toEqual(['SUCCEEDED', 'FAILED', 'NoQuorum']);
  });
});

describe('functions', () => {
  test('are woken by an apply before it looks at the site: all that it, its way back and its recovery may need', async () => {
    const { calls, woken, envelopes } = await start();

    const states = [...new Set(envelopes.map(({ state }) => state))];
    expect(states.slice(0, 3)).toEqual(['Load site', 'Wake function', 'Look at HAProxy']);
    expect(woken.toSorted()).toEqual(
      TASK_NAMES.map(fileOf)
        .filter((task) => !['load-site', 'look-at-site'].includes(task))
        .toSorted(),
    );
    expect(calls.filter((call) => !woken.includes(call.replace(/ .*/, '')))).toEqual(['load-site']);
  });

  test.each(['check', 'recover'] as const)('are not woken in mode %s', async (mode) => {
    expect((await start(UNCHANGED, { mode })).woken).toEqual([]);
  });

  test('of which one cannot be woken refuse an apply: nothing is touched, and the lock is free', async () => {
    const { error, cause, calls, owner } = await start({}, { asleep: 'commit' });

    expect([error, owner, calls]).toEqual(['FunctionNotReady', undefined, ['load-site', 'report']]);
    expect(cause).toMatch(
      /^The function commit cannot be invoked\. Lambda\.CodeArtifactUserFailedException: It has no code\. Nothing was touched\. .*--function-name arn:aws:lambda:[^ ]+:1\. /,
    );
  });
});

describe('what AWS refuses for a minute', () => {
  const ERRORS = [
    ...['Lambda.TooManyRequestsException', 'Lambda.CodeArtifactUserPendingException', 'Lambda.ServiceException'],
    ...['ThrottlingException', 'InternalServerError'],
  ];

  test.each(
    Object.keys(GOOD).filter(
      (call) =>
        !['look-at-site', 'cycle poll-stopped', 'clear-staging', 'roll-back', 'cycle start-again'].includes(call),
    ),
  )('at %s costs an apply a few minutes at most', async (call) => {
    for (const error of ERRORS) {
      const { status, seconds, count } = await start({}, { refused: { call, error } });
      expect([error, status]).toEqual([error, 'SUCCEEDED']);
      expect(count(call)).toBeGreaterThan(1);
      expect(seconds).toBeLessThan(240);
    }
  });

  test('while HAProxy stops is asked again within seconds', async () => {
    const refused = { call: 'cycle poll-stopped', error: 'Lambda.TooManyRequestsException' };

    const { status, seconds } = await start({ 'cycle disable': pending('haproxy to stop on node-1') }, { refused });

    expect([status, seconds < 90]).toEqual(['SUCCEEDED', true]);
  });
});

test('every function learns which execution, state and attempt it works for', async () => {
  const { envelopes } = await start({
    preflight: (_, attempt) => (attempt < 2 ? broken('BastionUnreachable') : { platforms: [], findings: [] }),
  });

  expect(new Set(envelopes.map(({ execution }) => execution))).toEqual(new Set([ME]));
  const own = envelopes.filter(({ state }) => state !== 'Wake function');
  expect(own.slice(0, 5).map(({ state, attempt }) => [state, attempt])).toEqual([
    ['Load site', 0],
    ['Look at HAProxy', 0],
    ['Preflight', 0],
    ['Preflight', 1],
    ['Preflight cloud', 0],
  ]);
});

test("a check reports pacemaker's faults, and does not wait for what they keep from serving", async () => {
  const fault = { name: 'NoQuorum', severity: 'error', evidence: 'x', remedy: 'y' };

  const { status, calls, output } = await start(
    { ...UNCHANGED, preflight: () => ({ platforms: [], findings: [fault] }) },
    { mode: 'check' },
  );

  expect([status, calls.slice(4)]).toEqual(['SUCCEEDED', ['inspect-controllers', 'plan', 'report']]);
  expect(output).toMatchObject({ findings: expect.arrayContaining([fault]) as unknown });
});

describe('a check', () => {
  const STATE = {
    ...{ platforms: [], findings: ['warning'], bootstrap: null, schema: null, controllers: [{ name: 'node-1' }] },
    ...{ plan: { changed: false }, verification: { healthy: true }, clusterTemplates: [], clusters: [{ done: true }] },
  };

  test('of a site on which all is as wanted looks once, and reports what it saw', async () => {
    const { status, calls, output, owner, events } = await start(
      { 'look-at-site': () => ({ state: STATE, notAsWanted: null }) },
      { mode: 'check' },
    );

    expect([status, owner, calls]).toEqual(['SUCCEEDED', undefined, ['load-site', 'look-at-site', 'report']]);
    expect(output).toMatchObject(STATE);
    expect(events.filter(({ type = '' }) => type.endsWith('StateEntered')).length).toBeLessThanOrEqual(12);
  });

  test.each(['Broken', 'BastionUnreachable', 'Sandbox.Timedout', 'SecretMissing'])(
    'whose look ends with %s looks in detail, at once',
    async (error) => {
      const script = { ...UNCHANGED, 'look-at-site': () => broken(error) };

      const { status, calls, output } = await start(script, { mode: 'check' });

      expect([status, calls.slice(0, 4)]).toEqual([
        'SUCCEEDED',
        ['load-site', 'look-at-site', 'preflight', 'preflight-cloud'],
      ]);
      expect(output).toMatchObject({ failure: null, findings: ['one', 'two'], verification: { healthy: true } });
    },
  );

  test('waits with its look as long as Lambda refuses it', async () => {
    const { calls, count, seconds } = await start(
      { 'look-at-site': () => ({ state: STATE, notAsWanted: null }) },
      { mode: 'check', refused: { call: 'look-at-site', error: 'Lambda.TooManyRequestsException' } },
    );

    expect(count('look-at-site')).toBeGreaterThan(1);
    expect(calls).not.toContain('preflight');
    expect(seconds).toBeLessThan(240);
  });
});

describe('a check that finds drift', () => {
  const unchanged = { 'ensure-cluster': UNCHANGED['ensure-cluster'] } as Script;

  test('looks at all the rest, waits for nothing to get well, and touches nothing', async () => {
    const unhealthy = () => ({ healthy: false, waitingFor: ['node-1'], apis: [], conductors: [] });

    const { status, calls, owner, output } = await start({ ...unchanged, verify: unhealthy }, { mode: 'check' });

    expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
    expect(after(calls, 'plan')).toEqual(['verify', 'ensure-cluster-template', 'ensure-cluster', 'report']);
    expect(output).toMatchObject({ verification: { healthy: false }, notSeen: null });
  });

  test.each(['verify', 'ensure-cluster-template', 'ensure-cluster'])(
    'reports it although %s fails, and says why all the rest was not looked at',
    async (call) => {
      const { status, output } = await start({ ...unchanged, [call]: () => broken() }, { mode: 'check' });

      expect(status).toBe('SUCCEEDED');
      expect(output).toMatchObject({ notSeen: 'Broken: it is "broken"', plan: { changed: true } });
    },
  );

  test('fails where nothing differs and something could not be looked at', async () => {
    const { status, error } = await start({ ...UNCHANGED, verify: () => broken() }, { mode: 'check' });

    expect([status, error]).toEqual(['FAILED', 'Broken']);
  });
});

describe('bootstrap', () => {
  const made = (action: string) => ({ name: 'database magnum', action });
  const asked = (parts: string[], accounts: string, tables: string): Script => ({
    'load-site': ({ input }) => ({
      site: { ...golden, bootstrap: parts },
      lock: LOCK,
      mode: modeOf(input),
      ...acting(input),
      findings: [],
      refusal: null,
    }),
    bootstrap: () => [made(accounts)],
    'upgrade-schema': () => made(tables),
  });
  const ALL = ['database', 'schema', 'keystone'];
  const LOOKS = ['verify', 'ensure-cluster-template', 'ensure-cluster'];

  test('makes accounts before anything is planned, and tables between Commit and Restart services', async () => {
    const { calls, output } = await start(asked(ALL, 'created', 'created'));

    expect(calls.slice(0, 7)).toEqual([
      'load-site',
      'look-at-haproxy',
      'preflight',
      'preflight-cloud',
      'bootstrap',
      'inspect-controllers',
      'plan',
    ]);
    expect(calls.slice(calls.lastIndexOf('commit'), calls.indexOf('restart'))).toEqual(['commit', 'upgrade-schema']);
    expect(output).toMatchObject({ bootstrap: [made('created')], schema: made('created') });
  });

  test('looks at the tables also if nothing on the controllers differs', async () => {
    for (const mode of ['apply', 'check'] as const) {
      const { status, calls } = await start({ ...UNCHANGED, ...asked(ALL, 'unchanged', 'unchanged') }, { mode });

      expect([mode, status]).toEqual([mode, 'SUCCEEDED']);
      expect(after(calls, 'plan').slice(0, 2)).toEqual(['upgrade-schema', 'verify']);
    }
  });

  test.each([
    ['missing', 'unchanged', ['upgrade-schema', ...LOOKS, 'report']],
    ['differs', 'unchanged', ['upgrade-schema', ...LOOKS, 'report']],
    ['unchanged', 'missing', ['upgrade-schema', 'report']],
  ])('with accounts %s and tables %s ends a check with the report', async (accounts, tables, rest) => {
    const { status, calls } = await start({ ...UNCHANGED, ...asked(ALL, accounts, tables) }, { mode: 'check' });

    expect([status, after(calls, 'plan')]).toEqual(['SUCCEEDED', rest]);
  });

  test.each([
    [['schema'], ['upgrade-schema']],
    [['rabbitmq'], ['bootstrap']],
  ])('of %j alone runs %j alone', async (parts, functions) => {
    const { calls } = await start(asked(parts, 'unchanged', 'unchanged'));

    expect(calls.filter((call) => call === 'bootstrap' || call === 'upgrade-schema')).toEqual(functions);
  });

  test.each(['bootstrap', 'upgrade-schema'])('that fails in %s ends the execution, the lock released', async (call) => {
    const { error, owner, calls } = await start({ ...asked(ALL, 'created', 'created'), [call]: () => broken() });

    expect([error, owner]).toEqual(['Broken', undefined]);
    expect(calls.filter((one) => !['roll-back', 'verify', 'report', 'restart'].includes(one)).at(-1)).toBe(call);
  });
});

describe('findings', () => {
  const found = (severity: string, name: string) => ({ severity, name, evidence: `${name} is so`, remedy: 'Mend it.' });

  test('that are errors refuse an apply before anything is touched, each with its remedy; a check reports them', async () => {
    const findings = [found('warning', 'Odd'), found('error', 'Wrong'), found('error', 'Bad')];
    const script = { 'preflight-cloud': () => ({ findings }) };

    const apply = await start(script);
    const check = await start(script, { mode: 'check' });

    expect([apply.error, apply.owner]).toEqual(['PreflightRefused', undefined]);
    expect(apply.calls).toEqual(['load-site', 'look-at-haproxy', 'preflight', 'preflight-cloud', 'report']);
    expect(apply.cause).toContain('by these findings. Nothing was touched. Mend');
    expect(apply.cause?.split('\n').slice(1)).toEqual([
      '- error Wrong: Wrong is so. Mend it.',
      '- error Bad: Bad is so. Mend it.',
      '- warning Odd: Odd is so. Mend it.',
    ]);
    expect(check.status).toBe('SUCCEEDED');
    expect(check.output).toMatchObject({ findings });
  });

  test.each([1, 0])('refuse an apply also if there is one, with %d warnings', async (warnings) => {
    const findings = [found('error', 'Wrong'), ...Array.from({ length: warnings }, () => found('warning', 'Odd'))];

    const { error, cause } = await start({
      preflight: () => ({ platforms: [], findings }),
      'preflight-cloud': () => ({ findings }),
    });

    expect(error).toBe('PreflightRefused');
    expect(cause?.split('\n')).toHaveLength(2 + warnings);
  });

  test('that are warnings refuse nothing', async () => {
    const { status } = await start({ 'preflight-cloud': () => ({ findings: [found('warning', 'Odd')] }) });

    expect(status).toBe('SUCCEEDED');
  });
});

describe('the outage', () => {
  test('counts from the first attempt at disabling HAProxy, also if that was lost', async () => {
    const began: unknown[] = [];
    await start({
      'cycle disable': (payload, attempt) => {
        began.push((payload['before'] as Payload)['lastAnswerAt']);
        return attempt === 1 ? broken('SshConnectionLost') : GOOD['cycle disable']?.(payload, attempt);
      },
    });
    expect(began).toHaveLength(2);
    expect(began[0]).toEqual(expect.any(Number));
    expect(began[1]).toBe(began[0]);
  });
});

describe('a failure', () => {
  /** Or not in an apply that goes as it should. */
  const NOT_FAILING = [
    ...['look-at-site', 'clear-staging', 'cycle enable', 'look-at-haproxy', 'roll-back', 'cycle start-again'],
  ];
  test.each(Object.keys(GOOD).filter((call) => !NOT_FAILING.includes(call)))(
    'in %s ends the execution with its error and message, the lock released and HAProxy enabled',
    async (call) => {
      const waiting = call === 'cycle poll-stopped' ? { 'cycle disable': pending('node-1') } : {};
      const { status, error, cause, owner, calls } = await start({ ...waiting, [call]: () => broken() });
      expect({ status, error, cause, owner }).toEqual({
        status: 'FAILED',
        error: 'Broken',
        cause: expect.stringMatching(/^it is "broken"(\nRolled back\.)?$/) as string,
        owner: undefined,
      });
      const disabled = calls.indexOf('cycle disable');
      expect(disabled < 0 || calls.lastIndexOf('cycle enable') > disabled).toBe(true);
    },
  );

  test.each(['preflight', 'inspect-controllers', 'stage', 'restart', 'ensure-cluster'])(
    'in %s is reported: what had come before it, and what failed where',
    async (call) => {
      const { inputs, told, owner } = await start({
        [call]: () => broken(),
        report: () => ({ report: {}, telling: { subject: 'the subject', text: 'the text', event: {} } }),
      });

      expect(owner).toBeUndefined();
      expect(inputs['report']).toMatchObject([
        { failure: { error: 'Broken', cause: 'it is "broken"', state: expect.stringMatching(/./) as string } },
      ]);
      expect(told).toMatchObject([{ Subject: 'the subject', Message: 'the text' }]);
    },
  );

  test('that cannot be reported is told by its error and cause', async () => {
    const { told, error, cause } = await start({ preflight: () => broken('One'), report: () => broken('Two') });

    expect([error, cause]).toEqual(['One', 'it is "broken"']);
    expect(told).toMatchObject([{ Subject: 'magnum-ha: One' }]);
  });

  test('on one controller lets the others end before anything is committed, and counts though they succeed', async () => {
    const { error, cause, calls } = await start({
      stage: ({ controller }) =>
        controller === 'node-2' ? broken('StagedFileRejected', 'node-2 refuses') : { controller, files: [] },
    });
    expect([error, cause]).toEqual(['StagedFileRejected', 'node-2 refuses']);
    expect(after(calls, 'plan')).toEqual(['stage', 'stage', 'stage', 'roll-back', 'report']);
  });

  test('of one restart keeps the other controllers from it', async () => {
    const { calls } = await start({ restart: () => broken() });
    const before = calls.slice(0, calls.indexOf('roll-back'));
    expect(before.filter((call) => call === 'restart')).toHaveLength(1);
  });

  test('whose cause is no JSON is told as it is', async () => {
    const { cause } = await start({
      plan: () => {
        throw new StatesError('Lambda.Unknown', 'The cause could not be determined');
      },
    });
    expect(cause).toBe('The cause could not be determined');
  });
});

describe('mode recover', () => {
  const disabled = () => ({ platforms: [], disabled: true });
  const held = { lock: { owner: OTHER, expiresIn: 3600 }, other: 'ABORTED', ended: 0 };

  test('enables HAProxy at once, takes staged files away once nothing is under way, and releases the lock', async () => {
    const { status, output, calls, owner, seconds } = await start(
      { 'look-at-haproxy': (_, attempt) => ({ platforms: [], disabled: attempt === 1 }) },
      { ...held, mode: 'recover' },
    );

    expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
    expect(calls.slice(1)).toEqual([
      ...['look-at-haproxy', 'cycle enable', 'cycle poll-started', 'look-at-haproxy', 'clear-staging'],
    ]);
    expect(output).toEqual({
      ...{ site: 'golden', mode: 'recover', outcome: 'changed', execution: ME, leftDisabled: true },
      cleared: { on: NODES, notOn: [] },
    });
    // An apply that waits for the same, which it is ahead of, gets the lock first.
    expect(seconds).toBeGreaterThan(480);
  });

  test('does nothing more where HAProxy is enabled, whatever secrets are missing', async () => {
    const refusal = { Error: 'SecretMissing', Cause: 'There is no parameter x.' };
    const { status, output, calls } = await start(
      { 'load-site': (payload, attempt) => ({ ...(GOOD['load-site']?.(payload, attempt) as object), refusal }) },
      { mode: 'recover' },
    );

    expect([status, calls.slice(1)]).toEqual(['SUCCEEDED', ['look-at-haproxy', 'clear-staging']]);
    expect(output).toMatchObject({ outcome: 'unchanged', leftDisabled: false });
  });

  test.each([
    ['cannot be looked at', { 'look-at-haproxy': () => broken('BastionUnreachable') }, 'BastionUnreachable'],
    ['cannot be enabled', { 'look-at-haproxy': disabled, 'cycle enable': () => broken() }, 'HAProxyLeftDisabled'],
    ['cannot be polled', { 'look-at-haproxy': disabled, 'cycle poll-started': () => broken('NoQuorum') }, 'NoQuorum'],
    [
      'does not serve in its time',
      { 'look-at-haproxy': disabled, 'cycle poll-started': pending('node-1') },
      'HAProxyStartTimeout',
    ],
  ])('fails where HAProxy %s, and waits for nobody then', async (_, script: Script, wanted) => {
    const { error, owner, calls, seconds } = await start(script, { ...held, mode: 'recover' });

    expect([error, owner]).toEqual([wanted, OTHER]);
    expect(calls).not.toContain('clear-staging');
    expect(seconds).toBeLessThan(480);
  });

  test('leaves the site to an execution that works on it', async () => {
    const { error, calls } = await start({}, { ...held, other: 'RUNNING', mode: 'recover' });

    expect([error, calls]).toEqual(['SiteLocked', ['load-site']]);
  });
});

describe('HAProxy that was left disabled', () => {
  const HAPROXY_DISABLED = { severity: 'error', name: 'HAProxyDisabled', evidence: 'It is', remedy: 'Enable it.' };
  const disabled = () => ({ platforms: [], disabled: true });
  const once = (_: Payload, attempt: number) => ({ platforms: [], disabled: attempt === 1 });
  const FIRST = ['look-at-haproxy', 'cycle enable', 'cycle poll-started'];

  test('is enabled by an apply before anything else, which is a change', async () => {
    const { status, calls, output } = await start({ ...UNCHANGED, 'look-at-haproxy': disabled });

    expect([status, calls.slice(1, 5)]).toEqual(['SUCCEEDED', [...FIRST, 'preflight']]);
    expect(output).toMatchObject({ leftDisabled: true });
  });

  test.each([
    ['fails', { preflight: () => broken() }, 'Broken'],
    ['refuses', { 'preflight-cloud': () => ({ findings: [HAPROXY_DISABLED] }) }, 'PreflightRefused'],
  ])('is enabled although Preflight %s, and that is told', async (_, script: Script, wanted) => {
    const { error, cause, calls } = await start({ 'look-at-haproxy': disabled, ...script });

    expect([error, calls.slice(1, 4)]).toEqual([wanted, FIRST]);
    expect(cause).toMatch(/ HAProxy had been left disabled, and was enabled first\.$/);
    expect(cause).not.toContain('Nothing was touched');
  });

  test('is enabled although a secret is missing, which is told after that', async () => {
    const refusal = { Error: 'SecretMissing', Cause: 'There is no parameter x.' };
    const asked = { mode: 'apply', ...acting({ mode: 'apply' }) };
    const script: Script = { 'load-site': () => ({ site: golden, lock: LOCK, ...asked, findings: [], refusal }) };

    const left = await start({ ...script, 'look-at-haproxy': disabled });
    const well = await start(script);

    expect([left.error, left.owner, left.calls.slice(1)]).toEqual(['SecretMissing', undefined, [...FIRST, 'report']]);
    expect(left.cause).toBe(
      'There is no parameter x. Nothing else was touched. HAProxy had been left disabled, and was enabled first.',
    );
    expect([well.error, well.cause]).toEqual(['SecretMissing', 'There is no parameter x. Nothing was touched.']);
  });

  test("is enabled before a dead owner's last task is waited for, and looked at once more after that", async () => {
    const { status, calls, seconds } = await start(
      { ...UNCHANGED, 'look-at-haproxy': once },
      { lock: { owner: OTHER, expiresIn: 3600 }, other: 'ABORTED', ended: 0 },
    );

    expect(status).toBe('SUCCEEDED');
    expect(calls.slice(1, 6)).toEqual([...FIRST, 'look-at-haproxy', 'preflight']);
    expect(seconds).toBeGreaterThan(300);
  });

  test('is left to whoever works on the site', async () => {
    const { error, calls } = await start(
      { 'look-at-haproxy': disabled },
      { lock: { owner: OTHER, expiresIn: 3600 }, other: 'RUNNING' },
    );

    expect([error, calls]).toEqual(['SiteLocked', ['load-site', 'report']]);
  });

  test('is looked for during a minute, whatever the error, and left to Preflight where nobody can tell', async () => {
    const { status, calls, count, seconds } = await start({ ...UNCHANGED, 'look-at-haproxy': () => broken() });

    expect([status, count('look-at-haproxy'), after(calls, 'look-at-haproxy')[0]]).toEqual([
      'SUCCEEDED',
      6,
      'preflight',
    ]);
    expect(seconds).toBeGreaterThan(60);
  });

  test('that does not serve in its time is left to Preflight, too', async () => {
    const { status, calls, seconds } = await start({
      ...UNCHANGED,
      'look-at-haproxy': disabled,
      'cycle poll-started': pending('node-1'),
    });

    expect([status, after(calls, 'cycle poll-started')[0]]).toEqual(['SUCCEEDED', 'preflight']);
    expect(seconds).toBeGreaterThan(180);
  });

  test('and cannot be enabled ends the execution loudly', async () => {
    const { error, cause, owner } = await start({
      'look-at-haproxy': disabled,
      'cycle enable': () => broken('BastionUnreachable', 'no answer'),
    });

    // An attempt before the last may still be under way: the lock is kept.
    expect([error, owner]).toEqual(['HAProxyLeftDisabled', ME]);
    expect(cause).toMatch(
      /^On a controller .*; pcs resource enable p_haproxy\. .* failed: BastionUnreachable: no answer$/,
    );
  });

  test('gets its own time to serve in the cycle that follows', async () => {
    const { status, count } = await start({
      'look-at-haproxy': disabled,
      verify: () => ({ healthy: true }),
      'cycle poll-started': (_, attempt) => ({ ...pending('node-1')(), done: attempt === 60 || attempt > 120 }),
    });

    expect([status, count('cycle poll-started')]).toEqual(['SUCCEEDED', 121]);
  });

  test('is reported by a check, which touches nothing and asks nobody behind the VIP', async () => {
    const { status, calls, output } = await start(
      {
        'load-site': ({ input }) => ({
          site: { ...golden, bootstrap: ['keystone'] },
          lock: LOCK,
          mode: modeOf(input),
          ...acting(input),
          findings: [],
          refusal: null,
        }),
        preflight: () => ({ platforms: [], findings: [HAPROXY_DISABLED] }),
        'preflight-cloud': ({ findings }) => ({ findings }),
      },
      { mode: 'check' },
    );

    expect([status, calls]).toEqual([
      'SUCCEEDED',
      ['load-site', 'look-at-site', 'preflight', 'preflight-cloud', 'inspect-controllers', 'plan', 'report'],
    ]);
    expect(output).toMatchObject({ findings: [HAPROXY_DISABLED] });
  });
});

describe('HAProxy', () => {
  test('is polled until it is gone everywhere before it is enabled', async () => {
    const { calls, status } = await start({
      'cycle disable': pending('node-1'),
      'cycle poll-stopped': (_, attempt) => ({ ...pending('node-3')(), done: attempt === 3 }),
    });
    expect([status, calls.slice(calls.indexOf('cycle disable'), calls.indexOf('cycle enable'))]).toEqual([
      'SUCCEEDED',
      ['cycle disable', ...Array.from({ length: 3 }, () => 'cycle poll-stopped')],
    ]);
  });

  test('that does not stop in its time is enabled again', async () => {
    const { error, cause, calls } = await start({
      'cycle disable': pending('node-1'),
      'cycle poll-stopped': pending('node-3'),
    });
    expect(error).toBe('HAProxyStopTimeout');
    expect(cause).toMatch(/within 120 s and was enabled again; waiting for: node-3\n/);
    expect(calls.slice(0, calls.indexOf('roll-back')).slice(-2)).toEqual(['cycle enable', 'cycle poll-started']);
  });

  test('whose disabling failed is enabled and waited for; the first error counts', async () => {
    const { error, calls } = await start({
      'cycle disable': () => broken('NoQuorum'),
      'cycle poll-started': () => broken('HAProxyResourceFailed'),
    });
    expect(error).toBe('NoQuorum');
    expect(calls.slice(0, calls.indexOf('roll-back')).slice(-3)).toEqual([
      ...['cycle disable', 'cycle enable', 'cycle poll-started'],
    ]);
  });

  test('is enabled though the bastion is away for minutes, and all goes on', async () => {
    const { status, count } = await start({
      'cycle enable': (_, attempt) => (attempt < 11 ? broken('BastionUnreachable') : pending('node-1')()),
    });
    expect([status, count('cycle enable')]).toEqual(['SUCCEEDED', 11]);
  });

  test('that cannot be enabled is told with what to do now and with what came before', async () => {
    const { error, cause, owner, count, calls } = await start({
      'cycle disable': () => broken('SshConnectionLost'),
      'cycle enable': () => broken('BastionUnreachable', 'no answer'),
    });
    expect([error, owner, count('cycle enable')]).toEqual(['HAProxyLeftDisabled', ME, 27]);
    expect(cause).toMatch(
      /^On a controller of site golden run now: cibadmin -D .*magnum-ha-disabled.*; pcs resource enable p_haproxy\. /,
    );
    expect(cause).toContain('comes back by itself within 180 s');
    expect(cause).toMatch(/Enabling it failed: BastionUnreachable: no answer \(before that: SshConnectionLost\)\n/);
    // And once more with the files of before.
    expect(calls).toContain('cycle start-again');
  });

  test('that cannot be enabled where crmsh is the shell is told in its words', async () => {
    const platform = { shell: 'crmsh' };
    const { cause } = await start({
      preflight: () => ({ platforms: [{ controllers: NODES, platform }], findings: [] }),
      'cycle enable': () => broken('BastionUnreachable', 'no answer'),
    });
    expect(cause).toMatch(/^On a controller of site golden run now: cibadmin -D .*; crm resource start p_haproxy\. /);
  });

  describe('that does not serve in its time, though enabled', () => {
    const never = pending('haproxy to start on node-2');
    test('is started again with the fragment of before, before anything else is done', async () => {
      const { error, cause, seconds, calls, owner } = await start({ 'cycle poll-started': never });

      expect([error, owner]).toEqual(['HAProxyStartTimeout', undefined]);
      expect(calls.slice(calls.indexOf('roll-back'))).toEqual([
        ...['roll-back', 'cycle start-again', 'restart', 'restart', 'restart', 'verify', 'report'],
      ]);
      expect(cause).toMatch(/waiting for: haproxy to start on node-2\. .*\nRolled back\.$/);
      expect(seconds).toBeGreaterThan(180);
      expect(seconds).toBeLessThan(200);
    });

    test('is waited for again; if it stays down, that is told', async () => {
      const { error, output, seconds, calls } = await start({
        'cycle poll-started': never,
        'cycle start-again': () => ({ ...never(), firstAnswerAt: 9000 }),
      });

      expect([error, output, calls.at(-1)]).toEqual(['HAProxyStartTimeout', undefined, 'report']);
      expect(seconds).toBeGreaterThan(360);
    });

    test('is not waited for that long if pacemaker has given up everywhere: all is down', async () => {
      const { error, cause, seconds } = await start({
        'cycle poll-started': () => ({ ...never(), startsNowhere: true }),
      });

      expect(error).toBe('HAProxyStartTimeout');
      expect(cause).toMatch(/pacemaker has given up to start it, on every controller.*\nRolled back\.$/);
      expect(seconds).toBeLessThan(40);
    });

    test('gets the fragment of before also where everything else is kept', async () => {
      const { inputs } = await start({ ...KEEPING, 'cycle poll-started': never });

      expect(inputs['roll-back']).toMatchObject([{ scope: 'fragment' }]);
    });

    test('is tried again and again if its controllers cannot be told', async () => {
      const { error, count, owner } = await start({
        'cycle poll-started': never,
        'cycle start-again': () => broken('BastionUnreachable', 'no answer'),
      });

      expect([error, owner, count('cycle start-again')]).toEqual(['HAProxyStartTimeout', ME, 27]);
    });
  });
});

describe('a roll-back', () => {
  const fails = { verify: (_: Payload, attempt: number) => ({ healthy: attempt > 40, waitingFor: ['node-2'] }) };

  test('undoes everything after a failure, cycles HAProxy back, looks, reports, and fails with the first error', async () => {
    const { error, cause, calls, inputs, owner } = await start(fails);

    expect([error, owner]).toEqual(['VerificationFailed', undefined]);
    expect(cause).toMatch(/waiting for: node-2\nRolled back\.$/);
    expect(calls.slice(calls.indexOf('roll-back'))).toEqual([
      ...['roll-back', 'restart', 'restart', 'restart'],
      ...['cycle arm', 'cycle disable', 'cycle enable', 'cycle poll-started'],
      ...['verify', 'verify', 'verify', 'report'],
    ]);
    expect(inputs['roll-back']).toMatchObject([
      {
        execution: ME,
        scope: 'everything',
        staged: NODES.map((controller) => ({ controller, files: [FRAGMENT, CONF] })),
      },
    ]);
    expect(inputs['report']).toMatchObject([
      { rollBack: { failed: [] }, verification: { healthy: true }, troubles: [] },
    ]);
  });

  test('leaves HAProxy alone that has not read the fragment', async () => {
    const { calls } = await start({ reach: () => broken('MagnumUnreachable') });

    expect(calls.slice(calls.indexOf('roll-back'))).toEqual([
      ...['roll-back', 'restart', 'restart', 'restart', 'verify', 'report'],
    ]);
  });

  test('cycles HAProxy that has read it by itself', async () => {
    const { calls } = await start({
      reach: () => broken('MagnumUnreachable'),
      'roll-back': () => ({ controllers: [{ ...restored('node-1'), haproxyStale: true }], failed: [] }),
    });

    expect(calls).toContain('cycle disable');
  });

  test('restarts the others where one does not come back, and tells it', async () => {
    const { calls, inputs, error } = await start({
      'cycle disable': () => broken('NoQuorum'),
      restart: ({ controller }, attempt) =>
        attempt === 5 ? broken('MagnumServiceDown', 'it is down') : { controller, seconds: 1, services: [] },
    });

    expect(error).toBe('NoQuorum');
    expect(calls.slice(calls.indexOf('roll-back')).filter((one) => one === 'restart')).toHaveLength(3);
    expect(inputs['report']).toMatchObject([{ troubles: ['it is down'], restarts: [{}, {}] }]);
  });

  test('tries controllers again on which something went wrong, for a minute', async () => {
    const failed = [{ controller: 'node-2', error: 'gone' }];
    const { count, inputs } = await start({ ...fails, 'roll-back': () => ({ controllers: [], failed }) });

    expect(count('roll-back')).toBeGreaterThan(10);
    expect(inputs['report']).toMatchObject([{ rollBack: { failed } }]);
  });

  test('that cannot be done is told beside the first error', async () => {
    const { error, inputs, owner } = await start({ ...fails, 'roll-back': () => broken('BastionUnreachable', 'gone') });

    expect([error, owner]).toEqual(['VerificationFailed', ME]);
    expect(inputs['report']).toMatchObject([{ rollBack: null, troubles: ['BastionUnreachable: gone'] }]);
  });

  test.each<[string, Script, string[]]>([
    ['fails before anything was put in place: only what was staged goes', { stage: () => broken() }, ['nothing']],
    ['is to keep what is there', { ...fails, 'load-site': keeping }, ['nothing']],
    ['only looks', { ...UNCHANGED, ...fails }, []],
    ['fails after all was well', { 'ensure-cluster': () => broken() }, []],
  ])('is none where an apply %s', async (_, script, scopes) => {
    const { inputs } = await start(script);

    expect((inputs['roll-back'] ?? []).map(({ scope }) => scope)).toEqual(scopes);
    expect(inputs['report']).toMatchObject([{ rollBack: null, troubles: [] }]);
  });
});

describe('verification', () => {
  test('is repeated until all is well', async () => {
    const { status, seconds } = await start({
      verify: (_, attempt) => ({ healthy: attempt === 4, waitingFor: ['a'] }),
    });
    expect([status, seconds >= 15]).toEqual(['SUCCEEDED', true]);
  });

  test.each([[['conductor on node-2', 'API on node-1']], [['conductor on node-2']]])(
    'fails after three minutes for %j',
    async (waitingFor) => {
      const { error, cause, seconds } = await start({ verify: () => ({ healthy: false, waitingFor }) });
      expect(error).toBe('VerificationFailed');
      expect(cause).toContain(`Magnum on site golden is not well after 180 s; waiting for: ${waitingFor.join('; ')}\n`);
      // And 75 after the roll-back.
      expect(Math.round(seconds / 10)).toBe(27);
    },
  );
});

describe('a cluster', () => {
  test('that cannot be had lets the others be asked for, and nobody is waited for', async () => {
    const [one] = golden.clusters;
    const clusters = ['a', 'b', 'c'].map((name) => ({ ...one, name }));
    const { error, owner, calls } = await start({
      'load-site': ({ input }) => ({
        ...{ site: { ...golden, clusters }, lock: LOCK, mode: modeOf(input), ...acting(input) },
        ...{ findings: [], refusal: null },
      }),
      'ensure-cluster': ({ cluster }) => (cluster === 'a' ? broken('ClusterFailed') : { name: cluster, done: false }),
    });

    expect([error, owner]).toEqual(['ClusterFailed', undefined]);
    expect(calls.slice(-4)).toEqual(['ensure-cluster', 'ensure-cluster', 'ensure-cluster', 'report']);
  });

  test('is polled until it is complete', async () => {
    const { status, count, output } = await start({
      'poll-cluster': ({ cluster }, attempt) => ({ ...(cluster as Payload), attempt, done: attempt === 20 }),
    });
    expect([status, count('poll-cluster')]).toEqual(['SUCCEEDED', 20]);
    expect(output).toMatchObject({
      clusters: [{ name: 'swarm-mode-cluster', uuid: 'u', action: 'created', attempt: 20 }],
    });
  });

  test('that takes longer than its deadline is polled as overdue, which ends the execution', async () => {
    const overdue: unknown[] = [];
    const { error, cause, seconds, owner } = await start({
      'poll-cluster': ({ cluster, overdue: over }) => {
        overdue.push(over);
        if (over === true) broken('ClusterDeadlineExceeded', 'The cluster is not complete');
        return { ...(cluster as Payload), status: 'CREATE_IN_PROGRESS', done: false };
      },
    });

    expect([error, cause, owner]).toEqual(['ClusterDeadlineExceeded', 'The cluster is not complete', undefined]);
    expect(overdue.slice(0, -1).every((over) => over === false)).toBe(true);
    expect(Math.floor(seconds / 60)).toBe(75);
  });
});

describe('the lock', () => {
  const held = { owner: OTHER, expiresIn: 3600 };
  const throwing = (error: string) => () => broken(error, 'it says why');

  test('of a running execution ends this one, which says whom to wait for, and stays', async () => {
    const { error, cause, calls, owner } = await start({}, { lock: held, other: 'RUNNING' });
    expect([error, calls, owner]).toEqual(['SiteLocked', ['load-site', 'report'], OTHER]);
    expect(cause).toContain(`works on site other-name: ${OTHER}. Wait`);
  });

  test('of a running execution does not keep this one from its report', async () => {
    const reported: Payload[] = [];
    const report = (payload: Payload) => {
      reported.push(payload);
      return { report: payload, telling: null };
    };

    const { cause } = await start({ report }, { lock: held, other: 'RUNNING' });

    expect(reported).toMatchObject([{ failure: { error: 'SiteLocked', cause }, controllers: [], plan: null }]);
  });

  test('of a running execution ends this one though no report can be made', async () => {
    const { error, cause, owner } = await start({ report: () => broken() }, { lock: held, other: 'RUNNING' });

    expect([error, owner]).toEqual(['SiteLocked', OTHER]);
    expect(cause).toMatch(/start again\. Nothing was touched\.$/);
  });

  test('of a recovery is waited for by an apply, which then does the whole job', async () => {
    const usual = await start();
    const { status, calls, seconds, owner } = await start(
      {},
      { lock: held, other: 'RUNNING', otherMode: 'recover', endsAfter: 42 },
    );

    expect([status, calls, owner]).toEqual(['SUCCEEDED', usual.calls, undefined]);
    expect(Math.round(seconds - usual.seconds)).toBe(45);
  });

  test('of a recovery that takes longer ends an apply, which says so, and stays', async () => {
    const { error, cause, calls, seconds, owner } = await start(
      {},
      { lock: held, other: 'RUNNING', otherMode: 'recover' },
    );

    expect([error, calls, owner]).toEqual(['SiteLocked', ['load-site', 'report'], OTHER]);
    expect(cause).toContain(`works on site other-name: ${OTHER}. It is a recovery, and this apply has waited 300 s`);
    expect(cause).toMatch(/start again once it has ended\. Nothing was touched\.$/);
    expect(Math.round(seconds)).toBe(305);
  });

  test.each(['check', 'recover'] as const)('of a recovery is not waited for in mode %s', async (mode) => {
    const { calls, seconds, owner } = await start({}, { mode, lock: held, other: 'RUNNING', otherMode: 'recover' });

    expect([calls, owner]).toEqual([['load-site'], OTHER]);
    expect(seconds).toBeLessThan(5);
  });

  test('of a running execution ends a check as skipped, which says by whom, and stays', async () => {
    const { status, output, calls, owner } = await start({}, { mode: 'check', lock: held, other: 'RUNNING' });
    expect([status, calls, owner]).toEqual(['SUCCEEDED', ['load-site'], OTHER]);
    expect(output).toMatchObject({ site: 'golden', mode: 'check', outcome: 'skipped', execution: ME, heldBy: OTHER });
    expect(output).toMatchObject({
      reason: `Another execution works on site other-name: ${OTHER}. Nothing was looked at.`,
    });
  });

  test.each([
    { ended: 86_400, waits: 0 },
    { ended: 700, waits: 80 },
    // By its service's clock, which may be ahead of the other's by minutes.
    { ended: 300, waits: 480 },
    { ended: -300, waits: 480 },
    { ended: undefined, waits: 480 },
  ])('of one that was stopped $ended s ago is taken over when its function has ended too', async ({ ended, waits }) => {
    const circumstances = { lock: { owner: OTHER, expiresIn: 600 }, other: 'ABORTED' };
    const usual = await start();
    const { status, seconds } = await start({}, ended === undefined ? circumstances : { ...circumstances, ended });
    expect(status).toBe('SUCCEEDED');
    expect(Math.round(seconds - usual.seconds)).toBe(waits);
  });

  test.each(['ABORTED', 'TIMED_OUT', 'FAILED', undefined])(
    'of an execution that is %s is taken over',
    async (other) => {
      const { status, owner } = await start({}, { lock: held, ...(other === undefined ? {} : { other }) });
      expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
    },
  );

  test('of a running execution holds whatever a clock says', async () => {
    const { error, owner } = await start({}, { lock: { owner: OTHER, expiresIn: -600 }, other: 'RUNNING' });
    expect([error, owner]).toEqual(['SiteLocked', OTHER]);
  });

  test('that an attempt of this execution took is its own', async () => {
    const { status } = await start({}, { lock: { owner: ME, expiresIn: 3600 }, other: 'RUNNING' });
    expect(status).toBe('SUCCEEDED');
  });

  test('is not touched if the site could not be loaded', async () => {
    const { error, cause, owner } = await start(
      { 'load-site': () => broken('SiteUnknown', 'There is no site') },
      { lock: held },
    );
    expect([error, cause, owner]).toEqual(['SiteUnknown', 'There is no site', OTHER]);
  });

  describe('is kept after the end', () => {
    test.each([
      ['commit', 'Runtime.ExitError'],
      ['commit', 'Sandbox.Timedout'],
      ['restart', 'CommandTimeout'],
      ['ensure-cluster-template', 'Lambda.Unknown'],
      ['cycle disable', 'HAProxyStopInterrupted'],
      ['cycle enable', 'SshConnectionLost'],
    ])('if %s fails with %s: what it began may still be under way', async (call, error) => {
      const { status, owner } = await start({ [call]: throwing(error) });
      expect([status, owner]).toEqual(['FAILED', ME]);
    });

    test.each(['stage', 'restart', 'cycle disable', 'ensure-cluster'])(
      'if an attempt of %s was lost and the next one succeeded',
      async (call) => {
        const once: Script = {
          [call]: (payload, attempt) => (attempt === 1 ? broken('SshConnectionLost') : GOOD[call]?.(payload, attempt)),
        };
        const { status, owner } = await start(once);
        expect([status, owner]).toEqual(['SUCCEEDED', ME]);
      },
    );
  });

  test.each([
    ['preflight', 'Runtime.ExitError'],
    ['verify', 'SshConnectionLost'],
    ['commit', 'StagedFileRejected'],
    ['restart', 'CommandFailed'],
  ])('is released if %s fails with %s: nothing on the site is under way', async (call, error) => {
    const { status, owner } = await start({ [call]: throwing(error) });
    expect([status, owner]).toEqual(['FAILED', undefined]);
  });

  test('that somebody lost a task of is no part of what the tasks return', async () => {
    const lostOnce: Script = {
      commit: (payload, attempt) => (attempt === 1 ? broken('SshConnectionLost') : GOOD['commit']?.(payload, attempt)),
    };
    const { output } = await start(lostOnce);
    expect(JSON.stringify(output)).not.toContain('triedAgain');
  });
});
