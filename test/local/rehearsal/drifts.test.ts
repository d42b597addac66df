import { DRIFTS } from '../../../local/rehearsal/drifts';
import { RehearsalImpossible } from '../../../local/rehearsal/incident';
import { document, reportOf, run, withLocal } from '../../workflow/local';

const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const OLD = ['magnum-api: older than its config', 'magnum-conductor: older than its config'];
const ANSWERS = "Magnum's services, as they answer";

/** What a check finds of each drift. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'magnum.conf': [`${CONF}: changed by others`, ...OLD],
  'foreign-option': [`${CONF}: foreign option`, ...OLD],
  'package-upgrade': [`${CONF}: changed by others`, `owner and mode of ${CONF}: changed by others`, ...OLD],
  'magnum.conf-mode': [`owner and mode of ${CONF}: changed by others`],
  'haproxy-fragment': [`${FRAGMENT}: changed by others`, 'HAProxy: older than its config'],
  'haproxy-fragment-deleted': [`${FRAGMENT}: missing`],
  'rules-file': ['/etc/iptables/rules.v4: missing'],
  'firewall-rule-deleted': ['firewall rule: missing', `${ANSWERS}: service down`],
  'firewall-rule-misplaced': ['firewall rule: misplaced rule', `${ANSWERS}: service down`],
  'magnum-api-stopped': ['magnum-api: service down', `${ANSWERS}: service down`],
  'magnum-conductor-stopped': ['magnum-conductor: service down', `${ANSWERS}: service down`],
  'haproxy-dead': ['HAProxy: service down'],
  'haproxy-disabled': [
    'HAProxy: disabled',
    `${ANSWERS}: unknown`,
    'cluster template swarm-mode-cluster-template: unknown',
    'cluster swarm-mode-cluster: unknown',
  ],
  'cluster-deleted': ['cluster swarm-mode-cluster: missing'],
};

test('it is known what a check finds of every drift', () => {
  expect(Object.keys(FOUND).sort()).toEqual(Object.keys(DRIFTS).sort());
});

test.each([['nothing', []], ...Object.entries(FOUND)])('after %s a check finds %j', async (name, wanted) => {
  await withLocal(document('golden'), async (local) => {
    const { site } = local;
    reportOf(await run(local));
    const controller = site.controllers.get('node-2');

    if (controller) await DRIFTS[name]?.happen(site, controller);

    const { outcome, verdicts } = reportOf(await run(local, 'check'));
    const drifted = verdicts.filter(({ verdict }) => verdict !== 'as wanted');
    expect(drifted.map(({ thing, verdict }) => `${thing}: ${verdict}`)).toEqual(wanted);
    expect(outcome).toBe(wanted.length === 0 ? 'unchanged' : 'drift');
  });
});

test.each([
  'haproxy-fragment',
  'haproxy-fragment-deleted',
  'rules-file',
  'firewall-rule-deleted',
  'magnum.conf',
  'cluster-deleted',
])('%s is refused where there is nothing that could drift so', async (name) => {
  await withLocal(document('golden'), ({ site }) => {
    const controller = site.controllers.get('node-2');
    if (!controller) throw new Error('no node-2');

    const happening = () => DRIFTS[name]?.happen(site, controller);

    expect(happening).toThrow(RehearsalImpossible);
    return Promise.resolve();
  });
});
