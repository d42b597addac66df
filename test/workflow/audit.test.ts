import { auditText } from '../../cli/audit-text';
import { style } from '../../cli/style';
import { audit, type Audit } from '../../domain/audit/audit';
import { page } from '../../domain/audit/page';
import { phaseOf } from '../../domain/audit/phases';
import { FUNCTION_GIGABYTES } from '../../domain/audit/cost';
import type { HistoryEvent } from '../../domain/audit/history';
import type { VirtualLocal } from '../../local/deploy';
import { ofType, synthesizedStack } from '../synthesized';
import { document, run, withLocal } from './local';

/** An execution, as an auditor gets it. */
async function audited(local: VirtualLocal, mode: string): Promise<Audit> {
  const { events } = await run(local, mode);
  return audit({ events, logs: local.logs.map(({ text }) => text) });
}

const text = (one: Audit) => auditText(one, style(true));

describe('an apply that went well, then a check', () => {
  let applied: Audit;
  let checked: Audit;
  beforeAll(async () => {
    await withLocal(document('golden'), async (local) => {
      applied = await audited(local, 'apply');
      checked = await audited(local, 'check');
    });
  });

  test('result, outage and what to do stand first', () => {
    expect(text(applied).split('\n').slice(0, 3)).toEqual([
      'golden, apply: changed. Changed, and verified: 9 files, 3 firewall rules, services on 3 controllers.',
      expect.stringMatching(/^Outage: \d+ ms, from 2026-\S+Z to 2026-\S+Z\.$/) as string,
      'Nothing to do.',
    ]);
    expect(text(checked).split('\n').slice(0, 3)).toEqual([
      'golden, check: unchanged. All is as wanted.',
      'Outage: none.',
      'Nothing to do.',
    ]);
  });

  test('the outage has its length and both ends', () => {
    const [{ from, to, length } = { from: '', to: '', length: null }, ...others] = applied.outages;

    expect(others).toEqual([]);
    expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBe(length?.atMost);
    expect(length?.atLeast).toBe(length?.atMost);
    expect(length?.atMost).toBeGreaterThan(100);
    expect(applied.down?.resources).toEqual(['vip__management']);
  });

  test('each controller has what was found, written and restarted, with digests before and after', () => {
    expect(applied.controllers.map(({ name, state }) => [name, state])).toEqual([
      ['node-1', 'applied'],
      ['node-2', 'applied'],
      ['node-3', 'applied'],
    ]);
    const [rules, conf, fragment] = applied.controllers[0]?.files ?? [];
    expect([rules?.state, conf?.state, fragment?.state]).toEqual(['differs', 'differs', 'absent']);
    expect(fragment).toMatchObject({
      written: true,
      before: null,
      after: expect.stringMatching(/^[\da-f]{64}$/) as string,
      key: null,
    });
    expect(conf?.before).not.toBe(conf?.after);
    expect(conf?.key).toMatch(/^digest-key [\da-f]{8}$/);
    expect(applied.controllers[0]?.restarted?.services).toEqual(['magnum-api', 'magnum-conductor']);
    expect(checked.controllers.map(({ state }) => state)).toEqual(['as wanted', 'as wanted', 'as wanted']);
  });

  test('equal differences are told once, with the controllers that have them', () => {
    expect(applied.changes.map(({ path, controllers, written }) => [path, controllers, written.length])).toEqual([
      ['/etc/iptables/rules.v4', ['node-1', 'node-2', 'node-3'], 3],
      ['/etc/magnum/magnum.conf', ['node-1', 'node-2', 'node-3'], 3],
      ['/etc/haproxy/conf.d/180-magnum.cfg', ['node-1', 'node-2', 'node-3'], 3],
    ]);
  });

  test('every command is there, with where, when and its exit code, and only those of this execution', () => {
    const disabling = applied.commands?.filter(({ command }) => /cibadmin -M .*Stopped/.test(command));

    expect(disabling).toMatchObject([{ state: 'Disable HAProxy', controller: 'node-1', exitCode: 0 }]);
    const times = applied.commands?.map(({ at }) => at ?? '') ?? [];
    expect(times).toEqual([...times].sort());
    expect(applied.commands?.some(({ command }) => command.includes('magnum-conductor restart'))).toBe(true);
    expect(checked.commands?.some(({ command }) => command.includes('restart'))).toBe(false);
  });

  test('the record is whole, and its digest is the same read from a file', async () => {
    await withLocal(document('golden'), async (local) => {
      const { events } = await run(local, 'check');
      const fromFile = JSON.parse(JSON.stringify(events)) as typeof events;

      const [one, other, cut] = [events, fromFile, events.toSpliced(9, 1)].map((all) => audit({ events: all }).record);

      expect(one).toMatchObject({ missing: [], complete: true });
      expect(other?.sha256).toBe(one?.sha256);
      expect(cut).toMatchObject({ missing: [10], complete: false });
      expect(cut?.sha256).not.toBe(one?.sha256);
    });
  });

  test('the cost counts transitions, and time of functions', () => {
    const { transitions, gigabyteSeconds, dollars, invocations } = applied.cost;

    expect(transitions).toBeGreaterThan(50);
    expect(invocations).toBeGreaterThan(20);
    expect(dollars).toBeCloseTo(transitions * 0.000025 + gigabyteSeconds * 0.0000133334 + invocations * 0.0000002, 9);
  });

  test('the page has all of it', () => {
    const html = page(applied);

    for (const { name } of applied.controllers) expect(html).toContain(name);
    for (const { id } of applied.steps) expect(html).toContain(`id="step-${id}"`);
    expect(html).toContain(`outage ${applied.outages[0]?.length?.atMost} ms`);
    expect(html).toContain(applied.record.sha256);
  });
});

describe('an apply that failed halfway', () => {
  test('says what is in place where, what was not done, and what to do', async () => {
    await withLocal(document('golden'), async (local) => {
      local.site.faults.onCommand((host, argv) =>
        argv[0] === 'service' && host === 'node-2' ? { exit: 1, stderr: 'injected' } : undefined,
      );

      const failed = await audited(local, 'apply');

      expect(failed.verdict).toMatchObject({
        outcome: 'rolled-back',
        words: 'Failed with CommandFailed; rolled back on node-1, node-2, node-3.',
      });
      expect(failed.verdict.todo.at(-1)).toBe('Then start again: magnum-ha start golden --mode apply');
      expect(failed.failure?.cause).toContain('node-2 of site golden');
      expect(failed.controllers.map(({ restarted }) => restarted !== null)).toEqual([true, false, false]);
      expect(text(failed)).toMatch(/node-1: rolled back: .*HAProxy to cycle; .* restarted in/);
      expect(text(failed)).toMatch(/node-2: rolled back: .*services to restart; HAProxy to cycle/);
      expect(
        failed.steps.find(({ name, subject }) => name === 'Restart Magnum' && subject === 'node-2')?.attempts,
      ).toMatchObject([{ error: 'CommandFailed' }]);
      expect(page(failed)).toContain('to restart, not done');
      expect(page(failed)).toContain('not applied yet, changed, rolled back');
      expect(failed.verdicts).toContainEqual(
        expect.objectContaining({ thing: '/etc/magnum/magnum.conf', verdict: 'not applied yet' }),
      );
    });
  });

  test.each([
    { mode: 'apply', site: 'nowhere' },
    { mode: 'plan', site: 'golden' },
  ])('%j is told as refused', async (input) => {
    await withLocal(document('golden'), async ({ deployment }) => {
      const events: HistoryEvent[] = [];
      await deployment.start('magnum-ha', { input, onEvent: (event) => events.push(event) }).result;

      const { verdict } = audit({ events });

      expect(verdict).toMatchObject({
        outcome: 'refused',
        words: expect.stringContaining('nothing was touched') as string,
      });
    });
  });

  test('a refusal tells each finding once, and that nothing was touched', async () => {
    await withLocal(document('guide'), async (local) => {
      const refused = await audited(local, 'apply');

      expect(refused.verdict.outcome).toBe('refused');
      expect(text(refused).match(/error CoeNotYetInRelease/g)).toHaveLength(1);
      expect(text(refused)).toContain('guide, apply: refused. Refused, and nothing was touched');
    });
  });

  test('retries and lost attempts are in it', async () => {
    await withLocal(document('golden'), async (local) => {
      local.site.faults.dropConnectionsAtCommand(40);

      const { steps } = await audited(local, 'apply');

      expect(steps.flatMap(({ attempts }) => (attempts.length > 1 ? [attempts[0]?.error] : []))).not.toEqual([]);
    });
  });
});

test('a check with drift says how to mend it', async () => {
  await withLocal(document('golden'), async (local) => {
    const { verdict, outages } = await audited(local, 'check');

    expect(verdict.outcome).toBe('drift');
    expect(verdict.todo).toEqual(['To mend it: magnum-ha start golden --mode apply']);
    expect(outages).toEqual([]);
  });
});

test('a record without its end is one of an execution that runs, and nothing at all is told as that', () => {
  expect(audit({ events: [] })).toMatchObject({
    site: '',
    verdict: { outcome: 'running' },
    record: { complete: false },
  });
});

test('each state of the machine that does or waits has a phase; functions have the memory that cost counts with', async () => {
  const stack = await synthesizedStack();
  const names = working(stack.definition);
  const functions = ofType(stack, 'AWS::Lambda::Function')
    .filter(({ Properties }) => Properties['Description'] !== 'magnum-ha: weekly-summary')
    .map(({ Properties }) => Properties['MemorySize']);

  expect(names).toContain('Poll cluster');
  expect(names.filter((name) => phaseOf({ name }) === undefined)).toEqual([]);
  expect(new Set(functions)).toEqual(new Set([FUNCTION_GIGABYTES * 1024]));
});

/** The names of all states that do something or wait, those inside Maps too. */
function working(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value as Record<string, { Type?: unknown } | null>).flatMap(([name, one]) => [
    ...(one?.Type === 'Task' || one?.Type === 'Wait' ? [name] : []),
    ...working(one),
  ]);
}
