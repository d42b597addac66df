import type { Envelope } from '../../../../domain/tasks';
import { StatesError } from '../../../../local/emulator/asl';
import { LocalTable } from '../../../../local/emulator/aws/dynamodb';
import { nameOf } from '../../../../local/emulator/aws/intrinsics';
import { ServiceError } from '../../../../local/emulator/service-error';
import { sitesAt } from '../../../../lib/settings';
import { run, START } from '../../../local/emulator/asl/run';
import { virtualClock } from '../../../../local/virtual-clock';
import { type Synthesized, synthesizedStack } from '../../../synthesized';

// The synthesized state machine in virtual time, its functions scripted: what they return and what they throw.

type Payload = Record<string, unknown>;
type Script = Record<string, (payload: Payload, attempt: number) => unknown>;

const [golden] = sitesAt(['sites/golden.json']);
const NODES = ['node-1', 'node-2', 'node-3'];
const ME = 'arn:aws:states:eu-west-1:111111111111:execution:tested:one';
const OTHER = 'arn:aws:states:eu-west-1:111111111111:execution:tested:other';

/** The mode of an execution's input. */
const modeOf = (input: unknown) => (input as { mode: string }).mode;

/** All goes well and everything changes. */
const GOOD: Script = {
  'load-site': ({ input }) => ({ site: golden, mode: modeOf(input), findings: ['by Load site'] }),
  preflight: () => ({ platforms: [], findings: ['one'] }),
  'preflight-cloud': ({ findings }) => ({ findings: [...(findings as unknown[]), 'two'] }),
  'inspect-controllers': () => ({
    controllers: NODES.map((name) => ({ name })),
    blastRadius: { listeners: [], resources: [] },
  }),
  plan: () => ({ changed: true, stage: NODES, restart: NODES, cycle: true, summary: [] }),
  stage: ({ controller }) => ({ controller, files: [] }),
  commit: ({ controller }) => ({ controller, files: [], firewall: false }),
  restart: ({ controller }) => ({ controller, restartedAt: 1, seconds: 1, services: [] }),
  reach: () => null,
  'cycle disable': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle poll-stopped': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle enable': () => ({ done: false, waitingFor: 'node-1', lastAnswerAt: 1000, firstAnswerAt: null }),
  'cycle poll-started': () => ({ done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: 3500 }),
  verify: () => ({ healthy: true, waitingFor: [], apis: [], conductors: [] }),
  'ensure-cluster-template': ({ clusterTemplate }) => ({ name: clusterTemplate, action: 'created' }),
  'ensure-cluster': ({ cluster }) => ({ name: cluster, uuid: 'u', action: 'created', done: false }),
  'poll-cluster': ({ cluster }) => ({ ...(cluster as Payload), status: 'CREATE_COMPLETE', done: true }),
  report: (payload) => payload,
};
const UNCHANGED: Script = {
  plan: () => ({ changed: false, stage: [], restart: [], cycle: false, summary: [] }),
  'ensure-cluster': ({ cluster }) => ({ name: cluster, done: true }),
};

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
  readonly mode?: 'apply' | 'check';
  /** Who holds the lock, and until when (seconds from now). */
  readonly lock?: { readonly owner: string; readonly expiresIn: number };
  /** Status of the other execution; there is none if it is not given. */
  readonly other?: string;
  /** How many seconds ago it ended. */
  readonly ended?: number;
}

async function start(script: Script = {}, { mode = 'apply', lock, other, ended }: Circumstances = {}) {
  const clock = virtualClock(START);
  const table = new LocalTable('site');
  const expiresAt = String(Math.floor(clock.now() / 1000) + (lock?.expiresIn ?? 0));
  if (lock) table.items.set('golden', { site: { S: 'golden' }, owner: { S: lock.owner }, expiresAt: { N: expiresAt } });

  const tasks = new Map(
    [...stack.functions.keys()].map((id) => [
      id,
      String(stack.resources[id]?.Properties['Description']).replace('magnum-ha: ', ''),
    ]),
  );
  const calls: string[] = [];
  const envelopes: Envelope[] = [];
  const attempts = new Map<string, number>();
  const item = (action: 'putItem' | 'getItem' | 'deleteItem') => (args: unknown) => {
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
          Payload: { envelope: Envelope; input: Payload };
        };
        const { envelope, input } = Payload;
        envelopes.push(envelope);
        const task = tasks.get(nameOf(FunctionName)) ?? '';
        const call = task === 'cycle' ? `cycle ${String(input['action'])}` : task;
        calls.push(call);
        const attempt = (attempts.get(call) ?? 0) + 1;
        attempts.set(call, attempt);
        return { StatusCode: 200, Payload: { ...GOOD, ...script }[call]?.(input, attempt) };
      },
      'arn:aws:states:::dynamodb:putItem': item('putItem'),
      'arn:aws:states:::dynamodb:getItem': item('getItem'),
      'arn:aws:states:::dynamodb:deleteItem': item('deleteItem'),
      'arn:aws:states:::aws-sdk:sfn:describeExecution': () => {
        if (other === undefined) throw new StatesError('Sfn.ExecutionDoesNotExistException', 'none');
        const stopDate = new Date(clock.now() - (ended ?? 0) * 1000).toISOString();
        return Promise.resolve({ Status: other, ...(ended === undefined ? {} : { StopDate: stopDate }) });
      },
    },
  });
  const seconds = (result.stopDate.getTime() - result.startDate.getTime()) / 1000;
  return {
    ...result,
    calls,
    envelopes,
    seconds,
    owner: table.items.get('golden')?.['owner']?.S,
    count: (call: string) => attempts.get(call) ?? 0,
  };
}

describe('an apply', () => {
  test('goes through the procedure, in order, and releases the lock', async () => {
    const { status, calls, owner } = await start();
    expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
    expect(calls).toEqual([
      ...['load-site', 'preflight', 'preflight-cloud', 'inspect-controllers', 'plan'],
      ...NODES.map(() => 'stage'),
      ...NODES.map(() => 'commit'),
      ...NODES.map(() => 'restart'),
      ...['reach', 'cycle disable', 'cycle enable', 'cycle poll-started', 'verify'],
      ...['ensure-cluster-template', 'ensure-cluster', 'poll-cluster', 'report'],
    ]);
  });

  test('tells the report all it found and did, as its output', async () => {
    const { output } = await start();
    expect(output).toEqual({
      site: golden,
      mode: 'apply',
      execution: expect.stringContaining(':execution:') as string,
      startedAt: '2030-01-01T00:00:00.000Z',
      reportedAt: expect.stringMatching(/^2030-01-01T/) as string,
      findings: ['one', 'two'],
      platforms: [],
      leftDisabled: false,
      bootstrap: null,
      schema: null,
      controllers: NODES.map((name) => ({ name })),
      plan: expect.objectContaining({ changed: true }) as object,
      changes: NODES.map((controller) => ({ controller, files: [], firewall: false })),
      restarts: NODES.map((controller) => expect.objectContaining({ controller }) as object),
      cycle: { done: true, waitingFor: '', lastAnswerAt: 1000, firstAnswerAt: 3500 },
      verification: expect.objectContaining({ healthy: true }) as object,
      clusterTemplates: [expect.objectContaining({ action: 'created' })],
      clusters: [expect.objectContaining({ status: 'CREATE_COMPLETE', done: true })],
    });
  });

  test('only verifies if nothing differs, and so does a check', async () => {
    for (const mode of ['apply', 'check'] as const) {
      const { status, calls } = await start(UNCHANGED, { mode });
      expect([mode, status]).toEqual([mode, 'SUCCEEDED']);
      expect(calls.slice(5)).toEqual(['verify', 'ensure-cluster-template', 'ensure-cluster', 'report']);
    }
  });

  test('leaves HAProxy alone if its fragment did not change', async () => {
    const { calls } = await start({
      plan: () => ({ changed: true, stage: [], restart: ['node-1'], cycle: false, summary: [] }),
    });
    expect(calls.slice(5, 7)).toEqual(['restart', 'verify']);
  });

  test('tries again what passes by itself, and nothing else', async () => {
    const unreachable = await start({
      preflight: (_, attempt) => (attempt < 3 ? broken('BastionUnreachable') : { platforms: [], findings: [] }),
    });
    expect([unreachable.status, unreachable.count('preflight')]).toEqual(['SUCCEEDED', 3]);
    expect((await start({ preflight: () => broken('NoQuorum') })).count('preflight')).toBe(1);
  });
});

test('every function learns which execution, state and attempt it works for', async () => {
  const { envelopes } = await start({
    preflight: (_, attempt) => (attempt < 2 ? broken('BastionUnreachable') : { platforms: [], findings: [] }),
  });

  expect(new Set(envelopes.map(({ execution }) => execution))).toEqual(new Set([ME]));
  expect(envelopes.slice(0, 4).map(({ state, attempt }) => [state, attempt])).toEqual([
    ['Load site', 0],
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

  expect([status, calls.slice(3)]).toEqual(['SUCCEEDED', ['inspect-controllers', 'plan', 'report']]);
  expect(output).toMatchObject({ findings: expect.arrayContaining([fault]) as unknown });
});

test('a check that finds drift reports it and touches nothing', async () => {
  const { status, calls, owner } = await start({}, { mode: 'check' });
  expect([status, owner]).toEqual(['SUCCEEDED', undefined]);
  expect(calls.slice(5)).toEqual(['report']);
});

describe('bootstrap', () => {
  const made = (action: string) => ({ name: 'database magnum', action });
  const asked = (parts: string[], accounts: string, tables: string): Script => ({
    'load-site': ({ input }) => ({ site: { ...golden, bootstrap: parts }, mode: modeOf(input), findings: [] }),
    bootstrap: () => [made(accounts)],
    'upgrade-schema': () => made(tables),
  });
  const ALL = ['database', 'schema', 'keystone'];

  test('makes accounts before anything is planned, and tables between Commit and Restart services', async () => {
    const { calls, output } = await start(asked(ALL, 'created', 'created'));

    expect(calls.slice(0, 6)).toEqual([
      'load-site',
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
      expect(calls.slice(6, 8)).toEqual(['upgrade-schema', 'verify']);
    }
  });

  test.each([
    ['missing', 'unchanged', ['report']],
    ['differs', 'unchanged', ['report']],
    ['unchanged', 'missing', ['upgrade-schema', 'report']],
  ])('with accounts %s and tables %s ends a check with the report', async (accounts, tables, rest) => {
    const { status, calls } = await start({ ...UNCHANGED, ...asked(ALL, accounts, tables) }, { mode: 'check' });

    expect([status, calls.slice(6)]).toEqual(['SUCCEEDED', rest]);
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

    expect([error, owner, calls.at(-1)]).toEqual(['Broken', undefined, call]);
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
    expect(apply.calls).toEqual(['load-site', 'preflight', 'preflight-cloud']);
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
  test.each(Object.keys(GOOD).filter((call) => call !== 'cycle enable'))(
    'in %s ends the execution with its error and message, the lock released and HAProxy enabled',
    async (call) => {
      const waiting = call === 'cycle poll-stopped' ? { 'cycle disable': pending('node-1') } : {};
      const { status, error, cause, owner, calls } = await start({ ...waiting, [call]: () => broken() });
      expect({ status, error, cause, owner }).toEqual({
        status: 'FAILED',
        error: 'Broken',
        cause: 'it is "broken"',
        owner: undefined,
      });
      const disabled = calls.indexOf('cycle disable');
      expect(disabled < 0 || calls.lastIndexOf('cycle enable') > disabled).toBe(true);
    },
  );

  test('on one controller lets the others end before anything is committed, and counts though they succeed', async () => {
    const { error, cause, calls } = await start({
      stage: ({ controller }) =>
        controller === 'node-2' ? broken('StagedFileRejected', 'node-2 refuses') : { controller, files: [] },
    });
    expect([error, cause]).toEqual(['StagedFileRejected', 'node-2 refuses']);
    expect(calls.slice(5)).toEqual(['stage', 'stage', 'stage']);
  });

  test('of one restart keeps the other controllers as they are', async () => {
    const { calls } = await start({ restart: () => broken() });
    expect(calls.at(-1)).toBe('restart');
    expect(calls.filter((call) => call === 'restart')).toHaveLength(1);
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

describe('HAProxy that was left disabled', () => {
  const HAPROXY_DISABLED = { severity: 'warning', name: 'HAProxyDisabled', evidence: 'It is', remedy: 'Enable it.' };
  const disabled = (_: Payload, attempt: number) => ({
    platforms: [],
    findings: attempt === 1 ? [HAPROXY_DISABLED] : [],
  });

  test('is enabled by an apply before anything that needs it, and Preflight is repeated', async () => {
    const { status, calls, output } = await start({ ...UNCHANGED, preflight: disabled });

    expect([status, calls.slice(1, 6)]).toEqual([
      'SUCCEEDED',
      ['preflight', 'cycle enable', 'cycle poll-started', 'preflight', 'preflight-cloud'],
    ]);
    expect(output).toMatchObject({ leftDisabled: true });
  });

  test('is enabled once: who disables it again is told by Preflight', async () => {
    const { status, count } = await start({
      ...UNCHANGED,
      preflight: () => ({ platforms: [], findings: [HAPROXY_DISABLED] }),
    });

    expect([status, count('preflight'), count('cycle enable')]).toEqual(['SUCCEEDED', 2, 1]);
  });

  test('gets its own time to serve in the cycle that follows', async () => {
    const { status, count } = await start({
      preflight: disabled,
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
          mode: modeOf(input),
          findings: [],
        }),
        preflight: () => ({ platforms: [], findings: [HAPROXY_DISABLED] }),
        'preflight-cloud': ({ findings }) => ({ findings }),
      },
      { mode: 'check' },
    );

    expect([status, calls]).toEqual([
      'SUCCEEDED',
      ['load-site', 'preflight', 'preflight-cloud', 'inspect-controllers', 'plan', 'report'],
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
    expect(cause).toMatch(/within 120 s and was enabled again; waiting for: node-3$/);
    expect(calls.slice(-2)).toEqual(['cycle enable', 'cycle poll-started']);
  });

  test('whose disabling failed is enabled and waited for; the first error counts', async () => {
    const { error, calls } = await start({
      'cycle disable': () => broken('NoQuorum'),
      'cycle poll-started': () => broken('HAProxyResourceFailed'),
    });
    expect(error).toBe('NoQuorum');
    expect(calls.slice(-3)).toEqual(['cycle disable', 'cycle enable', 'cycle poll-started']);
  });

  test('is enabled though the bastion is away for minutes, and all goes on', async () => {
    const { status, count } = await start({
      'cycle enable': (_, attempt) => (attempt < 11 ? broken('BastionUnreachable') : pending('node-1')()),
    });
    expect([status, count('cycle enable')]).toEqual(['SUCCEEDED', 11]);
  });

  test('that cannot be enabled is told with what to do now and with what came before', async () => {
    const { error, cause, owner, count } = await start({
      'cycle disable': () => broken('SshConnectionLost'),
      'cycle enable': () => broken('BastionUnreachable', 'no answer'),
    });
    expect([error, owner, count('cycle enable')]).toEqual(['HAProxyLeftDisabled', undefined, 11]);
    expect(cause).toMatch(/^Run `pcs resource enable p_haproxy` on a controller of site golden now: /);
    expect(cause).toMatch(/Enabling it failed: BastionUnreachable: no answer \(before that: SshConnectionLost\)$/);
  });

  test('that cannot be enabled where crmsh is the shell is told in its words', async () => {
    const platform = { shell: 'crmsh' };
    const { cause } = await start({
      preflight: () => ({ platforms: [{ controllers: NODES, platform }], findings: [] }),
      'cycle enable': () => broken('BastionUnreachable', 'no answer'),
    });
    expect(cause).toMatch(/^Run `crm resource start p_haproxy` on a controller of site golden now: /);
  });

  describe('that does not serve in its time, though enabled', () => {
    const never = pending('haproxy to start on node-2');
    const back = { lastAnswerAt: 1000, firstAnswerAt: 9000, takenBack: NODES };

    test('gets the fragment of before, and serves again: what was waited for, and how it is now', async () => {
      const { error, cause, seconds, calls, owner } = await start({
        'cycle poll-started': never,
        'cycle take-back': () => ({ ...back, done: true, waitingFor: '' }),
      });

      expect([error, calls.at(-1), owner]).toEqual(['HAProxyStartTimeout', 'cycle take-back', undefined]);
      expect(cause).toMatch(
        /waiting for: haproxy to start on node-2.*put back on node-1, node-2, node-3, and HAProxy serves/,
      );
      expect(seconds).toBeGreaterThan(180);
      expect(seconds).toBeLessThan(200);
    });

    test.each([
      [9000, 'The VIP answers.'],
      [null, 'The VIP does not answer: everything behind it is down.'],
    ])(
      'and is waited for again; if it stays down, whether the VIP answers (%s) is told',
      async (firstAnswerAt, vip) => {
        const { error, cause, seconds } = await start({
          'cycle poll-started': never,
          'cycle take-back': () => ({ ...back, firstAnswerAt, done: false, waitingFor: 'node-1' }),
        });

        expect(error).toBe('HAProxyStartTimeout');
        expect(cause).toContain('but HAProxy still does not serve everywhere; waiting for: node-1.');
        expect(cause).toContain(vip);
        expect(seconds).toBeGreaterThan(360);
      },
    );

    test('is not waited for that long if pacemaker has given up everywhere: all is down', async () => {
      const { error, cause, seconds } = await start({
        'cycle poll-started': () => ({ ...never(), startsNowhere: true }),
        'cycle take-back': () => ({ ...back, done: true, waitingFor: '' }),
      });

      expect(error).toBe('HAProxyStartTimeout');
      expect(cause).toMatch(
        /pacemaker has given up to start it, on every controller.*put back on node-1, node-2, node-3/,
      );
      expect(seconds).toBeLessThan(40);
    });

    test('and nothing is put back if no fragment could be the cause', async () => {
      const { cause } = await start({
        'cycle poll-started': never,
        'cycle take-back': () => ({ ...back, takenBack: [], done: true, waitingFor: '' }),
      });

      expect(cause).toContain('put back nowhere, as pacemaker would start HAProxy nowhere now');
    });

    test('and if it cannot be put back, how to do so by hand', async () => {
      const { error, cause, count, owner } = await start({
        'cycle poll-started': never,
        'cycle take-back': () => broken('BastionUnreachable', 'no answer'),
      });

      expect([error, owner, count('cycle take-back')]).toEqual(['HAProxyStartTimeout', undefined, 11]);
      expect(cause).toMatch(
        /could not be put back: BastionUnreachable: no answer\. .*mv (\S+180-magnum\.cfg)\.magnum-ha-previous \1.*crm_resource --cleanup --resource p_haproxy/,
      );
    });
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
      expect(cause).toBe(`Magnum on site golden is not well after 180 s; waiting for: ${waitingFor.join('; ')}`);
      expect(Math.round(seconds / 10)).toBe(19);
    },
  );
});

describe('a cluster', () => {
  test('that cannot be had lets the others be asked for, and nobody is waited for', async () => {
    const [one] = golden?.clusters ?? [];
    const clusters = ['a', 'b', 'c'].map((name) => ({ ...one, name }));
    const { error, owner, calls } = await start({
      'load-site': ({ input }) => ({ site: { ...golden, clusters }, mode: modeOf(input), findings: [] }),
      'ensure-cluster': ({ cluster }) => (cluster === 'a' ? broken('ClusterFailed') : { name: cluster, done: false }),
    });

    expect([error, owner]).toEqual(['ClusterFailed', undefined]);
    expect(calls.slice(-3)).toEqual(['ensure-cluster', 'ensure-cluster', 'ensure-cluster']);
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

  test('of a running execution ends this one, which says whom to wait for, and stays', async () => {
    const { error, cause, calls, owner } = await start({}, { lock: held, other: 'RUNNING' });
    expect([error, calls, owner]).toEqual(['SiteLocked', ['load-site'], OTHER]);
    expect(cause).toContain(`works on site golden: ${OTHER}. Wait`);
  });

  test.each([
    { ended: 86_400, waits: 0 },
    { ended: 60, waits: 420 },
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

  test('that has expired is taken, no matter who left it', async () => {
    const { status } = await start({}, { lock: { owner: OTHER, expiresIn: -1 }, other: 'RUNNING' });
    expect(status).toBe('SUCCEEDED');
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
});
