import { audit } from '../../domain/audit/audit';
import { withControllers } from '../../bench/clean-check';
import type { Report } from '../../domain/report/report';
import type { Site } from '../../domain/site/document';
import type { VirtualLocal } from '../../local/deploy';
import { StatesError } from '../../local/emulator/asl';
import type { ExecutionResult } from '../../local/emulator/asl';
import { document, reportOf, run, withLocal } from './local';

const golden = document('golden');
const PARTS: Site['bootstrap'] = ['database', 'schema', 'rabbitmq', 'keystone'];

interface Checked {
  readonly local: VirtualLocal;
  /** Checks the site. @param detailed whether its look fails */
  readonly check: (detailed?: boolean) => Promise<ExecutionResult>;
}

/** Applies a document, and does something with the site then. */
async function applied(site: Site, action: (checked: Checked) => Promise<void>): Promise<void> {
  let blind = false;
  const intercept = (call: { readonly args: unknown }, proceed: () => Promise<unknown>) =>
    blind && JSON.stringify(call.args).includes('"state":"Look at site"')
      ? Promise.reject(new StatesError('Sandbox.Timedout', 'it took too long'))
      : proceed();
  await withLocal(
    site,
    async (local) => {
      reportOf(await run(local));
      await local.clock.sleep(600_000);
      await action({
        local,
        check: (detailed = false) => {
          blind = detailed;
          return run(local, 'check');
        },
      });
    },
    // As a key's file ends.
    { intercept, secrets: { [site.ssh.privateKey.ssm]: '-----END OPENSSH PRIVATE KEY-----\n' } },
  );
}

const entered = ({ events }: ExecutionResult) =>
  events.flatMap(({ type = '', stateEnteredEventDetails: details }) =>
    type.endsWith('StateEntered') ? [details?.name ?? ''] : [],
  );

/** Without what is another execution's, and with any time as the same. */
const timeless = (report: Report): unknown =>
  JSON.parse(
    JSON.stringify({ ...report, execution: '' }).replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)/g, 'TIME'),
  );

test.each<[string, Site]>([
  ['golden', golden],
  ['golden with everything bootstrapped', { ...golden, bootstrap: PARTS }],
  ['golden with its tables made', { ...golden, bootstrap: ['schema'] }],
  ['golden without clusters', { ...golden, clusters: [], clusterTemplates: [] }],
  ['golden of 12 controllers', withControllers(golden, 12)],
])('the report of a look at %s is that of a check in detail, in 12 transitions at most', async (_, site) => {
  await applied(site, async ({ check }) => {
    const look = await check();
    const detailed = await check(true);

    expect(reportOf(look).outcome).toBe('unchanged');
    expect(timeless(reportOf(look))).toEqual(timeless(reportOf(detailed)));
    expect(entered(look)).toEqual([
      ...['Load site', 'Take site lock', 'Apply?', 'Look at site', 'All as wanted?', 'Report'],
      ...['Anything to tell?', 'Anything under way?', 'Release site lock', 'Anything failed?', 'Done'],
    ]);
    expect(entered(detailed)).toContain('Verify');
    const [one, other] = [audit(look), audit(detailed)];
    for (const part of ['findings', 'verdicts', 'bootstrap', 'controllers', 'clusterTemplates', 'clusters'] as const) {
      expect([part, one[part]]).toEqual([part, other[part]]);
    }
    expect([one.verdict, one.verification?.apis]).toEqual([other.verdict, other.verification?.apis]);
  });
});

describe('what is not as wanted is looked at in detail:', () => {
  const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

  test.each<[string, string, (local: VirtualLocal) => void]>([
    [
      'a file',
      'node-2: ',
      ({ site }) => {
        site.controllers.get('node-2')?.files.write(FRAGMENT, '# by hand\n');
      },
    ],
    [
      'a service',
      'node-1: restart magnum-api and magnum-conductor',
      ({ site }) => {
        site.controllers.get('node-1')?.services.get('magnum-conductor')?.stop();
      },
    ],
    [
      'a cluster',
      'in the cloud: swarm-mode-cluster',
      ({ site }) => {
        site.openstack.clusters.length = 0;
      },
    ],
    [
      'HAProxy',
      'findings: ',
      ({ site }) => {
        site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
      },
    ],
  ])('%s', async (_, why, happen) => {
    await applied(golden, async ({ local, check }) => {
      happen(local);
      await local.clock.sleep(60_000);

      const execution = await check();
      const detailed = await check(true);

      const look = execution.events.find(
        ({ taskSucceededEventDetails: details }) => details?.output?.includes('notAsWanted') === true,
      );
      expect(look?.taskSucceededEventDetails?.output).toContain(why);
      expect(entered(execution)).toEqual(expect.arrayContaining(['Preflight', 'Inspect controllers', 'Report']));
      expect(timeless(reportOf(execution))).toEqual(timeless(reportOf(detailed)));
      expect(reportOf(execution).outcome).toBe('drift');
    });
  });
});
