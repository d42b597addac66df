import { runModes } from '../../cli/run';
import { realClock } from '../../domain/world';
import { DRIFTS } from '../../local/rehearsal/drifts';
import { FAULTS } from '../../local/rehearsal/faults';
import { document, withLocal } from '../workflow/local';
import { magnumHa } from './cli';

test('--list has every drift and fault with what it does, in 80 columns', async () => {
  const { code, out } = await magnumHa(['rehearse', '--list']);
  const json = await magnumHa(['rehearse', '--list', '--json']);

  expect(code).toBe(0);
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(out).toMatch(/--drift CONTROLLER:NAME\n {2}magnum\.conf {10,}a managed option is edited: \[api\] host\n/);
  const { drifts, faults } = JSON.parse(json.out) as Record<string, { name: string }[]>;
  expect(drifts?.map(({ name }) => name)).toEqual(Object.keys(DRIFTS));
  expect(faults?.map(({ name }) => name)).toEqual(Object.keys(FAULTS));
});

test.each([
  [['--drift', 'node-2:magnum.cnf'], 'There is no drift magnum.cnf. Did you mean magnum.conf?'],
  [['--drift', 'node-2:moon'], 'There is no drift moon. There are: magnum.conf, foreign-option, '],
  [['--drift', 'magnum.conf'], 'says of no controller. Write one of node-1:magnum.conf, node-2:magnum.conf'],
  [['--fault', 'power-of:node-2'], 'Did you mean power-off?'],
  [['--fault', 'power-off:node-9'], 'names node-9, which is no controller. Write one of power-off:node-1'],
  [['--fault', 'bastion-down:node-2'], 'bastion-down is of the whole site. Leave out node-2.'],
  [['--fault', 'power-off:node-1:node-2'], 'names more than one controller: repeat the option.'],
  [['--fault', 'no-quorum', '--fault', 'no-quorums'], 'Did you mean no-quorum?'],
])('%j is refused before anything runs', async (args, told) => {
  const { code, out, err } = await magnumHa(['rehearse', ...args]);

  expect([code, out]).toEqual([64, '']);
  expect(err).toContain(told);
});

test('the drift comes after the apply and the fault with it: the second apply meets both', async () => {
  const { code, out } = await magnumHa([
    ...['rehearse', '--plain', '--mode', 'apply'],
    ...['--drift', 'node-2:haproxy-fragment', '--fault', 'node-2:disk-full'],
  ]);

  expect(code).toBe(1);
  expect(out).toMatch(
    /golden, apply: changed[^]*\nDrift: node-2: .*is edited.*\n\nFault: node-2: no space is left\n[^]*\ngolden, apply: .*CommandFailed/,
  );
});

test('where the first execution fails, nothing drifts and nothing follows', async () => {
  await withLocal(document('golden'), async ({ site, deployment, logs }) => {
    await site.faults.bastionDown();
    const between = jest.fn(() => Promise.resolve());
    let printed = '';
    const terminal = { write: (text: string) => (printed += text), interactive: false };
    const context = {
      out: terminal,
      err: terminal,
      columns: 80,
      clock: realClock,
      readStdin: () => Promise.resolve(''),
    };

    const code = await runModes(
      { deployment, logs },
      { site: site.document, modes: ['apply', 'check'], between },
      context,
    );

    expect(code).toBe(1);
    expect(between).not.toHaveBeenCalled();
    expect(printed).toMatch(/BastionUnreachable[^]*It failed, so nothing drifted and nothing follows\.\n$/);
    expect(deployment.listExecutions({ machine: 'magnum-ha' })).toHaveLength(1);
  });
});
