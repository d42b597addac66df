import { report, type ReportInput } from '../../../domain/report/report';
import { tellingOf } from '../../../domain/report/telling';
import { site } from '../sites';

const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const NAMES = ['node-1', 'node-2', 'node-3'] as const;
const FROM = Date.UTC(2030, 0, 1, 12);

const staged = (controller: string): ReportInput['staged'][number] => ({
  controller,
  files: [
    { path: CONF, before: 'keyed before', after: 'keyed', key: 'digest-key 01234567' },
    { path: FRAGMENT, before: null, after: 'sha256 after', key: null },
  ],
});
const controller = (name: string) => ({
  name,
  files: [
    { path: CONF, state: 'differs' as const, diff: [] },
    { path: FRAGMENT, state: 'absent' as const, diff: [] },
  ],
  ...({ firewall: 'same', stale: [], haproxy: 'current', verdicts: [] } as const),
});

/** An apply that staged everything and failed then. */
function input(changes: Partial<ReportInput>): ReportInput {
  return {
    site: site('golden'),
    document: { version: 'v', sha256: 's' },
    mode: 'apply',
    execution: 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha:one',
    ...{ startedAt: '2030-01-01T00:00:00Z', reportedAt: '2030-01-01T00:01:00Z' },
    ...{ findings: [], platforms: [], leftDisabled: false, authorization: null, bootstrap: null, schema: null },
    controllers: NAMES.map(controller),
    plan: {
      ...{ changed: true, stage: NAMES, restart: NAMES, start: [], cycle: true, blastRadius: null },
      summary: ['node-1: change'],
    },
    staged: NAMES.map(staged),
    ...{
      changes: [],
      restarts: [],
      started: null,
      cycle: null,
      verification: null,
      notSeen: null,
      clusterTemplates: [],
      clusters: [],
    },
    ...{ rollBack: null, troubles: [], firstCycle: null, lastOutages: null },
    input: { site: 'golden', mode: 'apply' },
    failure: { error: 'MagnumServiceDown', cause: 'it does not answer', state: 'Restart Magnum' },
    ...changes,
  };
}
const committed = (name: string) => ({ controller: name, files: [CONF, FRAGMENT], firewall: false });
const restarted = (name: string) => ({ controller: name, services: [], restartedAt: 1, seconds: 1 });
const cycle = { done: true, waitingFor: '', lastAnswerAt: FROM, firstAnswerAt: FROM + 700, cycle: 1 };
const restored = (name: string, left: string[] = []) => ({
  ...{ controller: name, asBefore: [CONF], left, firewall: false, stale: [], haproxyStale: false },
});
const keep = { ...site('golden'), onFailure: 'keep' as const };
const progressOf = (changes: Partial<ReportInput>) =>
  report(input(changes)).controllers.map(({ progress }) => progress);

test.each<[string, Partial<ReportInput>, string[]]>([
  ['before Commit', {}, ['not applied', 'not applied', 'not applied']],
  [
    'in Commit on one',
    {
      changes: [committed('node-1'), committed('node-3')],
      failure: { error: 'StagedFileChanged', cause: '', state: 'Commit files' },
    },
    ['partly applied', 'unknown', 'partly applied'],
  ],
  [
    'in a restart',
    { changes: NAMES.map(committed), restarts: [restarted('node-1')] },
    ['partly applied', 'partly applied', 'partly applied'],
  ],
  [
    'after everything on the controllers',
    { changes: NAMES.map(committed), restarts: NAMES.map(restarted), cycle },
    ['applied', 'applied', 'applied'],
  ],
  [
    'and was rolled back, but for a file that somebody changed meanwhile, and a controller that is gone',
    {
      changes: NAMES.map(committed),
      rollBack: {
        controllers: [restored('node-1'), restored('node-2', [CONF])],
        failed: [{ controller: 'node-3', error: 'gone' }],
      },
    },
    ['rolled back', 'partly rolled back', 'partly rolled back'],
  ],
  [
    'and keeps what is there',
    {
      site: keep,
      changes: NAMES.map(committed),
      rollBack: { controllers: NAMES.map((one) => restored(one)), failed: [] },
    },
    ['partly applied', 'partly applied', 'partly applied'],
  ],
])('an apply that failed %s says how far it came on each controller', (_, changes, expected) => {
  expect(progressOf(changes)).toEqual(expected);
});

test('digests are plain where no password is, and keyed where one may be', () => {
  expect(report(input({})).controllers[0]?.digests).toEqual([
    { path: CONF, before: 'keyed before', after: 'keyed', key: 'digest-key 01234567' },
    { path: FRAGMENT, before: null, after: 'sha256 after', key: null },
  ]);
});

test.each<[string, Partial<ReportInput>, string]>([
  ['fails', {}, 'failed'],
  ['is refused', { failure: { error: 'PreflightRefused', cause: '', state: '' }, plan: null, staged: [] }, 'refused'],
  ['is rolled back', { rollBack: { controllers: [], failed: [] } }, 'rolled-back'],
])('an apply that %s has that outcome', (_, changes, outcome) => {
  expect(report(input(changes)).outcome).toBe(outcome);
});

test('people are told the error, what is in place, the outage from when to when, and what to do', () => {
  const told = tellingOf(report(input({ changes: NAMES.map(committed), cycle: { ...cycle, firstAnswerAt: null } })));

  expect(told?.subject).toBe('magnum-ha: golden: failed, MagnumServiceDown');
  expect(told?.text).toContain('MagnumServiceDown: it does not answer\n');
  expect(told?.text).toContain('Now: partly applied on node-1, node-2, node-3.\n');
  expect(told?.text).toContain('The VIP did not answer from 2030-01-01T12:00:00.000Z on.\n');
  expect(told?.text).toMatch(/What to do: .*\nWhat to do: magnum-ha start golden --mode apply\n/);
});

test('what is done about a refusal is what its findings say', () => {
  const findings = (['error', 'warning'] as const).map((severity) => ({
    ...{ name: 'NoQuorum' as const, severity, evidence: 'two of three', remedy: `mend the ${severity}` },
  }));

  const { nextSteps } = report(input({ findings, failure: { error: 'PreflightRefused', cause: '', state: '' } }));

  expect(nextSteps).toEqual(['NoQuorum: mend the error', 'magnum-ha start golden --mode apply']);
});
