import { blastRadius } from '../../../domain/pacemaker/blast-radius';
import type { Command, Outcome } from '../../../domain/ssh/command';
import { fakeConnection } from '../fakes';
import { site } from '../sites';
import { cibText, NOW, statusOf } from './cibs';

const golden = site('golden');
const GREP = '/etc/haproxy/conf.d/a.cfg:listen x\n/etc/haproxy/conf.d/a.cfg: bind :1\n';

/** What crm_simulate 2.1.5 printed for cib/healthy.xml with HAProxy disabled: see simulation.test.ts. */
const DISABLED =
  'Transition Summary:\n  * Stop       vip__management     ( node-1 )  due to node availability\n' +
  '  * Stop       p_haproxy:0         ( node-1 )  due to node availability\n' +
  '  * Stop       dns                 ( node-1 )  due to node availability\n';

interface Answers {
  readonly grep?: Partial<Outcome>;
  readonly cibadmin?: Partial<Outcome>;
  /** @param input the CIB that is simulated */
  readonly simulate?: (input: string) => Partial<Outcome>;
}

/** What would go down on a cluster that is well, but for these answers. */
async function radiusOf({
  grep = { stdout: GREP },
  cibadmin = { stdout: cibText('healthy') },
  simulate = (input) => ({ stdout: input.includes('Stopped') ? DISABLED : 'Transition Summary:\n' }),
}: Answers = {}) {
  const answer = (_: string, { argv: [program], stdin }: Command) =>
    ({ grep, cibadmin, date: { stdout: String(NOW) }, crm_simulate: simulate(stdin ?? '') })[program ?? ''];
  const { node, ran, inputs } = await fakeConnection(golden, { answer });
  const [result] = await Promise.allSettled([blastRadius(node, statusOf('3.0.2', 'healthy'))]);
  return { result, ran, inputs };
}

test("listeners, and what pacemaker's own scheduler would stop", async () => {
  const { result, ran } = await radiusOf();

  expect(result).toMatchObject({
    value: { listeners: ['x (:1)'], resources: ['vip__management', 'dns'], readBy: 'crm_simulate' },
  });
  // The CIB, in which parameters may be passwords, goes through standard input.
  expect(ran.filter((line) => line.includes('crm_simulate'))).toEqual(
    Array(2).fill('node-1: crm_simulate --xml-pipe --run'),
  );
});

test.each<[string, Partial<Outcome>]>([
  ['is missing', { exitCode: 127, stderr: "timeout: failed to run command 'crm_simulate': No such file or directory" }],
  ['fails', { exitCode: 65, stderr: 'crm_simulate: Could not read input' }],
  ['prints something else', { stdout: 'usage' }],
])('where crm_simulate %s, what we read in the CIB of what runs, and it is said so', async (_, outcome) => {
  const { result } = await radiusOf({ simulate: () => outcome });

  expect(result).toMatchObject({ value: { resources: ['vip__management'], readBy: 'ourselves' } });
});

test('HAProxy without any listener', async () => {
  const { result } = await radiusOf({ grep: { exitCode: 1 } });

  expect(result).toMatchObject({ value: { listeners: [] } });
});

test('a resource that is a finding of Preflight: nothing is simulated', async () => {
  const { result, ran } = await radiusOf({ cibadmin: { stdout: cibText('group') } });

  expect(result).toMatchObject({ value: { resources: [], readBy: 'ourselves' } });
  expect(ran.join()).not.toContain('crm_simulate');
});

test.each<[string, Answers, string]>([
  [
    'a directory that is not there',
    { grep: { exitCode: 2, stderr: 'grep: /etc/haproxy/conf.d: No such file' } },
    'CommandFailed',
  ],
  ['pacemaker that does not answer', { cibadmin: { exitCode: 102 } }, 'PacemakerUnavailable'],
  [
    'pacemaker 1.1 that does not answer',
    { cibadmin: { exitCode: 107, stderr: 'Signon to CIB failed: Transport endpoint is not connected' } },
    'PacemakerUnavailable',
  ],
  ['pacemaker that says nothing', { cibadmin: {} }, 'PacemakerUnavailable'],
  ['a cibadmin that fails', { cibadmin: { exitCode: 64 } }, 'CommandFailed'],
])('%s is a failure', async (_, answers, name) => {
  const { result } = await radiusOf(answers);

  expect(result).toMatchObject({
    reason: { name, message: expect.stringContaining('node-1 of site golden') as string },
  });
});
