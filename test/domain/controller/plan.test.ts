import type { ControllerState } from '../../../domain/controller/inspect';
import { plan, type Plan } from '../../../domain/controller/plan';
import { site } from '../sites';

const golden = site('golden');
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const RULES = '/etc/iptables/rules.v4';

type FileStates = Partial<Record<string, 'differs' | 'absent'>>;

/** A controller as it was found: all right but for this. */
function found(
  name: string,
  { files = {}, ...rest }: Partial<Omit<ControllerState, 'files'>> & { files?: FileStates } = {},
) {
  const states = [RULES, CONF, FRAGMENT].map((path) => ({ path, state: files[path] ?? ('same' as const), diff: [] }));
  return {
    name,
    files: states,
    firewall: 'same',
    stale: [],
    haproxy: 'current',
    verdicts: [],
    ...rest,
  } satisfies ControllerState;
}

const blastRadius = {
  listeners: ['stats (10.21.22.2:10000)', 'keystone-1 (10.21.22.2:5000)'],
  resources: ['vip__management', 'vip__public'],
  readBy: 'crm_simulate' as const,
};
const planFor = (changes: Parameters<typeof found>[1]) =>
  plan(golden, { controllers: [found('node-1'), found('node-2', changes), found('node-3')], blastRadius });

test('nothing differs: nothing is done', () => {
  const planned = planFor({});

  expect(planned).toEqual({
    changed: false,
    stage: [],
    restart: [],
    start: [],
    cycle: false,
    blastRadius: null,
    summary: [],
  });
});

test.each<[string, Parameters<typeof found>[1], Partial<Plan>]>([
  ['magnum.conf differs', { files: { [CONF]: 'differs' } }, { stage: ['node-2'], restart: ['node-2'] }],
  ['the fragment differs', { files: { [FRAGMENT]: 'differs' } }, { stage: ['node-2'], cycle: true }],
  ['there is no fragment', { files: { [FRAGMENT]: 'absent' } }, { stage: ['node-2'], cycle: true }],
  ['the rules file differs', { files: { [RULES]: 'differs' } }, { stage: ['node-2'] }],
  ['the running firewall differs', { firewall: 'differs' }, { stage: ['node-2'] }],
  ['a service runs with an older configuration', { stale: ['magnum-conductor'] }, { restart: ['node-2'] }],
  ['HAProxy runs with an older fragment', { haproxy: 'stale' }, { cycle: true }],
  ['HAProxy does not run', { haproxy: 'down' }, { start: ['node-2'] }],
  [
    'HAProxy does not run, and will read a new fragment',
    { haproxy: 'down', files: { [FRAGMENT]: 'absent' } },
    { stage: ['node-2'], start: ['node-2'] },
  ],
  ['HAProxy is disabled', { haproxy: 'disabled' }, { cycle: true }],
])('only what is affected where %s', (_, changes, expected) => {
  const planned = planFor(changes);

  expect(planned).toMatchObject({ changed: true, stage: [], restart: [], start: [], cycle: false, ...expected });
});

test('everything on every controller, in the order of the document', () => {
  const files = { [CONF]: 'differs', [FRAGMENT]: 'absent', [RULES]: 'differs' } as const;

  const controllers = [found('node-1', { files }), found('node-2', { files }), found('node-3', { files })];
  const planned = plan(golden, { controllers, blastRadius });

  const all = ['node-1', 'node-2', 'node-3'];
  expect(planned).toMatchObject({ changed: true, stage: all, restart: all, cycle: true, blastRadius });
});

test('reads as sentences that name the controllers, the paths, the reasons and what an outage takes down', () => {
  const files = { [CONF]: 'differs', [FRAGMENT]: 'absent' } as const;
  const controllers = [
    found('node-1', {
      files,
      firewall: 'differs',
      stale: ['magnum-api'],
      verdicts: [
        { thing: CONF, verdict: 'changed by others', reason: '[api] port, changed at 14:54' },
        { thing: CONF, verdict: 'foreign option', reason: '[DEFAULT] debug' },
        { thing: FRAGMENT, verdict: 'not applied yet', reason: '' },
        { thing: 'firewall rule', verdict: 'misplaced rule', reason: 'rule 9 of INPUT; it belongs at 4' },
        { thing: 'magnum-api', verdict: 'older than its config', reason: `${CONF} changed at 14:54` },
      ],
    }),
    ...['node-2', 'node-3'].map((name) =>
      found(name, {
        stale: ['magnum-api'],
        haproxy: 'down',
        verdicts: [
          { thing: 'magnum-api', verdict: 'service down', reason: 'magnum-api does not run' },
          { thing: 'HAProxy', verdict: 'service down', reason: 'HAProxy does not run' },
        ],
      }),
    ),
  ];

  const planned = plan(golden, { controllers, blastRadius });

  expect(planned.summary).toEqual([
    'node-1: change /etc/magnum/magnum.conf (changed by others: [api] port, changed at 14:54), ' +
      'write /etc/haproxy/conf.d/180-magnum.cfg (not applied yet), ' +
      'place the firewall rule (misplaced rule: rule 9 of INPUT; it belongs at 4)',
    'node-1: restart magnum-api and magnum-conductor, because /etc/magnum/magnum.conf changes; foreign option: [DEFAULT] debug',
    'node-2, node-3: restart magnum-api and magnum-conductor, because magnum-api does not run',
    'node-2, node-3: start p_haproxy there, because HAProxy does not run; nothing is disabled for it',
    '3 controllers: cycle p_haproxy, because node-1: /etc/haproxy/conf.d/180-magnum.cfg changes; ' +
      'everything behind the VIP 10.21.22.2 is down meanwhile: databases, message queues and APIs. ' +
      'Pacemaker stops with it: vip__management, vip__public (by crm_simulate). 2 listeners: stats (10.21.22.2:10000), keystone-1 (10.21.22.2:5000)',
  ]);
});

test('of very many listeners a sentence names some, and the plan as many as fit into a history', () => {
  const listeners = Array.from({ length: 2000 }, (_, index) => `service-${index} (10.21.22.2:${10_000 + index})`);
  const controllers = [found('node-1', { haproxy: 'stale' })];

  const planned = plan(golden, { controllers, blastRadius: { listeners, resources: [], readBy: 'ourselves' } });

  expect(planned.summary.at(-1)).toMatch(
    /stops with it: no other resource \(by our own reading of pacemaker's CIB\)\. 2000 listeners: .* and 1980 more$/,
  );
  expect(planned.blastRadius?.listeners.at(-1)).toMatch(/^… \d+ more lines$/);
  expect(JSON.stringify(planned).length).toBeLessThan(30_000);
});
