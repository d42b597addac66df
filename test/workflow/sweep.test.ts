import type { ArchivedRecord } from '../../domain/audit/record';
import type { VirtualLocal } from '../../local/deploy';
import { StatesError } from '../../local/emulator/asl';
import { virtualClock } from '../../local/virtual-clock';
import { run as runDefinition, START } from '../local/emulator/asl/run';
import { synthesizedStack } from '../synthesized';
import { document, run, withLocal } from './local';

const HOUR_MS = 3_600_000;

/** ARNs of the executions that have a record, in the order of their chain. */
function recorded({ deployment }: VirtualLocal): string[] {
  return [...deployment.buckets]
    .flatMap((bucket) => bucket.list({ prefix: 'records/' }).objects)
    .filter(({ key }) => key.endsWith('record.json'))
    .map(({ body }) => JSON.parse(body.toString()) as ArchivedRecord)
    .sort((one, other) => one.sequence - other.sequence)
    .map(({ execution }) => execution.executionArn ?? '');
}

const sweep = ({ deployment }: VirtualLocal) => deployment.start('magnum-ha-sweep', { input: {} }).result;

test('an execution whose event never came has its record after the next sweep, at the end of the chain', async () => {
  await withLocal(document('golden'), async (local) => {
    const put = jest.spyOn(local.deployment.bus, 'put').mockReturnValue('lost');
    const lost = await run(local, 'check');
    put.mockRestore();
    const other = await run(local, 'check');
    await local.settled();
    const before = recorded(local);

    const early = await sweep(local);
    const meanwhile = recorded(local);
    await local.clock.sleep(7 * HOUR_MS);
    const late = await sweep(local);

    expect([early.status, late.status]).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(before).toEqual([other.executionArn]);
    expect(meanwhile).toEqual(before);
    expect(recorded(local)).toEqual([other.executionArn, lost.executionArn]);
  });
});

describe('a sweep', () => {
  const at = (daysAgo: number) => new Date(START - daysAgo * 24 * HOUR_MS).toISOString();
  const execution = (name: string, daysAgo: number) => ({
    ExecutionArn: name,
    Status: 'FAILED',
    StartDate: at(daysAgo + 0.01),
    StopDate: at(daysAgo),
  });
  /** Runs the synthesized machine over these pages. */
  async function over(pages: readonly (readonly object[])[], broken: readonly string[] = []) {
    const { machines } = await synthesizedStack();
    const machine = machines.get('magnum-ha-sweep');
    if (!machine) throw new Error('the machine is missing');
    const asked: unknown[] = [];
    const archived: string[] = [];
    const result = await runDefinition(machine.definition, {
      clock: virtualClock(START),
      input: {},
      integrations: {
        'arn:aws:states:::aws-sdk:sfn:listExecutions': (args) => {
          const { NextToken = '0', ...others } = args as { NextToken?: string };
          asked.push(others);
          const page = Number(NextToken);
          const more = page + 1 < pages.length;
          return Promise.resolve({ Executions: pages[page], ...(more && { NextToken: String(page + 1) }) });
        },
        'arn:aws:states:::lambda:invoke': (args) => {
          const { executionArn } = (args as { Payload: { detail: { executionArn: string } } }).Payload.detail;
          if (broken.includes(executionArn)) throw new StatesError('RecordNotArchived', 'its head was changed');
          archived.push(executionArn);
          return Promise.resolve({ Payload: { record: executionArn } });
        },
      },
    });
    return { result, asked, archived };
  }

  test('sees all pages of three days, and none before; what runs, or has just ended, is left', async () => {
    const running = { ExecutionArn: 'running', Status: 'RUNNING', StartDate: at(0.1) };
    const pages = [
      [execution('just now', 0.1), running, execution('a', 0.5)],
      [execution('b', 2), execution('c', 4)],
      [execution('d', 5)],
    ];

    const { result, asked, archived } = await over(pages);

    expect(result.status).toBe('SUCCEEDED');
    expect(archived).toEqual(['a', 'b']);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ MaxResults: 200 });
  });

  test('goes on where one cannot be recorded, and fails in the end', async () => {
    const { result, archived } = await over([[execution('a', 1), execution('b', 1)], [execution('c', 2)]], ['a']);

    expect(archived).toEqual(['b', 'c']);
    expect(result).toMatchObject({ status: 'FAILED', error: 'ExecutionsNotArchived' });
    expect(result.cause).toContain('1 executions have no record');
  });
});
