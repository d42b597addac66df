import { digestOf } from '../../../domain/authorization/approval';
import {
  authorize,
  needsAuthorization,
  OutageBudgetExceeded,
  OutsideChangeWindow,
  type ProposedChange,
} from '../../../domain/authorization/authorize';
import { site } from '../sites';

const window = { opens: '0 22 * * sat', timeZone: 'Europe/Berlin', minutes: 240 };
const CLOSED = '2026-11-28T12:00:00.000Z';
const OPEN = '2026-11-28T21:30:00.000Z';

/** What an apply would do on a site with a change window: change a file on a controller, and cycle HAProxy. */
function change(changes: Partial<ProposedChange> = {}): ProposedChange {
  return {
    site: site('golden', (document) => (document.changeWindow = window)),
    at: CLOSED,
    outsideWindow: null,
    unattended: false,
    startedBy: null,
    execution: 'arn:aws:states:eu-west-1:111111111111:execution:magnum-ha:one',
    approval: null,
    controllers: [],
    contents: 'of the files',
    plan: {
      ...{ changed: true, stage: ['node-1'], restart: [], start: [], cycle: true, blastRadius: null },
      summary: ['node-1: change /etc/magnum/magnum.conf'],
    },
    bootstrap: null,
    schema: null,
    clusterTemplates: [{ name: 'swarm', action: 'missing', differences: [] }],
    clusters: [{ name: 'swarm-1', action: 'unchanged', managers: 3, workers: 5, differences: [] }],
    lastOutages: null,
    ...changes,
  };
}
const withBudget = (outageBudgetMs: number) =>
  site('golden', (document) => (document.haproxy.outageBudgetMs = outageBudgetMs));

describe('the change window', () => {
  test('refuses while it is closed: until when, how it can be done at once, and what would be done', () => {
    const authorizing = () => authorize(change());

    expect(authorizing).toThrow(OutsideChangeWindow);
    expect(authorizing).toThrow(
      'opens next on Sat, 28 Nov 2026, 22:00 in Europe/Berlin (Sat, 28 Nov 2026, 21:00 UTC), for 240 minutes.',
    );
    expect(authorizing).toThrow(/"outsideWindow".*\n- node-1: change \/etc\/magnum\/magnum.conf\n- swarm: create$/);
  });

  test('authorizes while it is open, and a reason is not needed then', () => {
    expect(authorize(change({ at: OPEN, outsideWindow: 'in case it takes longer' })).authorization).toMatchObject({
      at: OPEN,
      changeWindow: 'open',
      outsideWindow: null,
    });
  });

  test('authorizes for a reason while it is closed, and the reason is on record', () => {
    expect(authorize(change({ outsideWindow: 'CHG-4711' })).authorization).toMatchObject({
      changeWindow: 'closed',
      outsideWindow: 'CHG-4711',
    });
  });
});

describe('the outage budget', () => {
  test.each([
    ['the lab', null, 778, 777],
    ["the site's last outage", { ms: 1500, at: '2026-11-01T00:00:00Z' }, 1500, 1499],
  ])('is compared with %s', (_, cycle, enough, tooLittle) => {
    const lastOutages = { cycle, rolling: { ms: 3, at: '2026-11-02T00:00:00Z' }, reload: null };
    const of = (budget: number) => change({ site: withBudget(budget), lastOutages });

    expect(authorize(of(enough)).authorization.forecast?.ms).toBe(enough);
    expect(() => authorize(of(tooLittle))).toThrow(OutageBudgetExceeded);
    expect(() => authorize(of(tooLittle))).toThrow(`be down for ${enough} ms (as measured on`);
  });

  test('is not asked where HAProxy is not cycled', () => {
    const { plan } = change();

    expect(
      authorize(change({ site: withBudget(1), plan: { ...plan, cycle: false } })).authorization.forecast,
    ).toBeNull();
  });
});

test('an apply needs an authorization if the site document has a change window or an outage budget', () => {
  expect([site('golden'), change().site, withBudget(1)].map(needsAuthorization)).toEqual([false, true, true]);
});

test('a plan has the same digest whatever hinders the other ways of updating HAProxy', () => {
  const { plan } = change({});

  const hindered = change({ plan: { ...plan, hindrances: { reload: 'nobody knows how' } } });

  expect(digestOf(hindered)).toBe(digestOf(change({})));
});
