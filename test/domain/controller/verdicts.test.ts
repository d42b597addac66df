import { parseListing } from '../../../domain/config/firewall/table';
import { magnumRule } from '../../../domain/config/iptables';
import type { ManagedFile } from '../../../domain/controller/managed-files';
import { type Evidence, fileVerdicts, foreignOptions, ruleVerdict } from '../../../domain/controller/verdicts';
import { site } from '../sites';

const golden = site('golden');
const CONF = '/etc/magnum/magnum.conf';
const AT = Date.UTC(2030, 0, 1, 14, 54) / 1000;
const EXECUTION = 'arn:aws:states:eu-west-1:111111111111:execution:magnum-ha:one';
const ACCESS = { owner: 0, group: 121, mode: 0o640 };

const evidence = (placed: Evidence['placed']): Evidence => ({
  node: { site: golden, controller: golden.controllers[0] },
  placed,
  modified: { magnumConf: AT, fragment: AT, rules: AT },
  redact: (text) => text.replaceAll('hunter', '<secret>'),
});
const lastly = (files: Partial<Record<ManagedFile['kind'], string>>) => evidence({ execution: EXECUTION, files });

function file(kind: ManagedFile['kind'], found: string | undefined, desired: string, access = ACCESS): ManagedFile {
  return { kind, path: CONF, found, desired, access, desiredAccess: ACCESS, diff: () => [] };
}
const conf = (values: Readonly<Record<string, string>>) =>
  ['[api]', ...Object.entries(values).map(([name, value]) => `${name} = ${value}`), ''].join('\n');
const kindsAndReasons = (verdicts: ReturnType<typeof fileVerdicts>) =>
  verdicts.map(({ verdict, reason }) => [verdict, reason]);

const NEWER = 'the site document, a secret or the release is newer than execution one';

test('of the options of one file, each is told by whom it differs', () => {
  const found = file(
    'magnumConf',
    conf({ host: 'a', port: '1', theirs: 'x' }),
    conf({ host: 'b', port: '2', theirs: 'x' }),
  );

  const verdicts = fileVerdicts(found, lastly({ magnumConf: conf({ host: 'a', port: '2', theirs: 'y' }) }));

  expect(kindsAndReasons(verdicts)).toEqual([
    ['changed by others', '[api] port, changed at 2030-01-01T14:54:00Z, since execution one'],
    ['not applied yet', `[api] host: ${NEWER}`],
  ]);
});

test.each<[string, ManagedFile, Evidence, string[][]]>([
  ['as wanted', file('fragment', 'a', 'a'), lastly({ fragment: 'b' }), []],
  ['before the first apply', file('fragment', undefined, 'a'), evidence('never'), [['not applied yet', '']]],
  [
    'without a copy of what was put in place',
    file('fragment', 'b', 'a'),
    evidence('unknown'),
    [
      [
        'differs',
        'changed at 2030-01-01T14:54:00Z; the last execution here left no copy of what it put in place, so nobody can tell by whom',
      ],
    ],
  ],
  [
    'gone',
    file('fragment', undefined, 'a'),
    lastly({ fragment: 'a' }),
    [['missing', 'somebody took it away, since execution one']],
  ],
  ['as it was put there', file('fragment', 'a', 'b'), lastly({ fragment: 'a' }), [['not applied yet', NEWER]]],
  [
    'changed, and the document too',
    file('fragment', 'x', 'b'),
    lastly({ fragment: 'a' }),
    [
      ['changed by others', 'changed at 2030-01-01T14:54:00Z, since execution one'],
      ['not applied yet', NEWER],
    ],
  ],
  [
    'open to all',
    file('magnumConf', 'a', 'a', { ...ACCESS, mode: 0o644 }),
    lastly({ magnumConf: 'a' }),
    [['changed by others', '0:121 644 instead of 0:121 640, since execution one']],
  ],
])('a file %s', (_, found, known, expected) => {
  expect(kindsAndReasons(fileVerdicts(found, known))).toEqual(expected);
});

test('foreign options are told by their names, and by their length where the name may be a secret', () => {
  const placed = '[DEFAULT]\ndebug = false\ngone = 1\n';
  const found = [
    '[DEFAULT]',
    'debug = true',
    'aGVsbG8gd29ybGQ=',
    'hunter = 1',
    'Tr0ub4dor = 3',
    'AKIAIOSFODNN7EXAMPLE: x',
    'mysql://u:p@h/d',
    '[trust]',
    'trustee_domain_name = managed',
    '',
  ].join('\n');

  const [verdict] = foreignOptions(file('magnumConf', found, found), lastly({ magnumConf: placed }));

  expect(verdict?.verdict).toBe('foreign option');
  expect(verdict?.reason).toBe(
    '[DEFAULT] debug, [DEFAULT] <option of 15 characters>, [DEFAULT] <option of 6 characters>, ' +
      '[DEFAULT] <option of 9 characters>, [DEFAULT] <option of 20 characters> and 2 more, ' +
      'changed at 2030-01-01T14:54:00Z at the latest, since execution one; a restart loads it',
  );
});

test('nothing is said of foreign options if nobody knows what was there', () => {
  for (const placed of ['never', 'unknown'] as const) {
    expect(foreignOptions(file('magnumConf', 'x', 'x'), evidence(placed))).toEqual([]);
  }
});

describe('the rule', () => {
  const OWN = ['-A INPUT', ...magnumRule(golden).map((word) => (word.includes(' ') ? `"${word}"` : word))].join(' ');
  const DROP = '-A INPUT -j DROP';
  const rulesFile = (...rules: string[]) => `*filter\n${rules.join('\n')}\nCOMMIT\n`;
  const PLACED = lastly({ rules: rulesFile(OWN, DROP) });

  test.each<[string, string[], Evidence, string, string]>([
    ['behind a DROP', [DROP, OWN], PLACED, 'misplaced rule', 'rule 2 of INPUT; it belongs at 1'],
    ['twice', [OWN, OWN, DROP], PLACED, 'misplaced rule', 'it is there more than once: rule 1 and 2 of INPUT'],
    ['gone', [DROP], PLACED, 'missing', 'somebody took it away, since execution one'],
    ['never put there', [DROP], evidence('never'), 'not applied yet', ''],
    ['new in the document', [DROP], lastly({ rules: rulesFile(DROP) }), 'not applied yet', NEWER],
  ])('%s', (_, listing, known, verdict, reason) => {
    expect(ruleVerdict(parseListing(listing), known)).toEqual({ verdict, reason });
  });
});
