import type { Site } from '../../domain/site/document';
import type { Local } from '../../local/deploy';
import { document, fileOn, haproxyOn, listensEverywhere, reportOf, run, withLocal } from './local';

const golden: Site = { ...document('golden'), clusterTemplates: [], clusters: [] };
const ALL = golden.controllers.map(({ name }) => name);
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/**
 * As HAProxy is disabled, something restarts Magnum's API on these controllers as uWSGI, which listens on every address:
 * neither Preflight nor Reach could see it.
 */
function apiComesUpEverywhere({ site }: Local, controllers: readonly string[]): void {
  const remove = site.faults.onCommand((_, argv) => {
    if (!/^cibadmin -M .*"Stopped"/.test(argv.join(' '))) return undefined;
    remove();
    for (const name of controllers) {
      site.controllers.get(name)?.services.get('magnum-api')?.stop();
      listensEverywhere(site, name);
    }
    return undefined;
  });
}

// What is deployed is built only once.
beforeAll(() => withLocal(golden, () => Promise.resolve()), 300_000);

const virtualIp = ({ site }: Local) => site.network.probe('10.21.22.5', golden.virtualIp, 5000);

test('HAProxy that cannot come up with the fragment comes up without it, on every controller', async () => {
  await withLocal(golden, async (local) => {
    apiComesUpEverywhere(local, ALL);

    const began = local.clock.now();
    const failed = await run(local);
    const seconds = (local.clock.now() - began) / 1000;
    const [running, vip] = [haproxyOn(local), virtualIp(local)];
    const fragments = ALL.map((name) => fileOn(local, name, FRAGMENT));
    const again = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'HAProxyStartTimeout' });
    // HAProxy would have been waited for 180 s.
    expect(seconds).toBeLessThan(120);
    expect(failed.cause).toContain('put back on node-1, node-2, node-3, and HAProxy serves everywhere again');
    expect([running, fragments]).toEqual([ALL, ALL.map(() => undefined)]);
    expect(vip).toMatchObject({ program: 'haproxy' });
    expect(again).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
    expect(again.cause).toMatch(/error ApiPortTaken: uwsgi listens on port 9511 .* on node-1, node-2, node-3/);
  });
});

test('on one controller alone: the others serve on, and the one comes up without it', async () => {
  await withLocal(golden, async (local) => {
    apiComesUpEverywhere(local, ['node-2']);

    const failed = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'HAProxyStartTimeout' });
    expect(failed.cause).toMatch(/waiting for: haproxy to start on node-2.*HAProxy serves everywhere again/);
    expect(haproxyOn(local)).toEqual(ALL);
  });
});

test('a fragment that was there before is put back, and the next apply without the fault goes through', async () => {
  await withLocal(golden, async (local) => {
    const before = 'listen magnum-api\n bind 10.21.22.2:9511\n server node-1 10.21.22.6:9511\n';
    for (const { files } of local.site.controllers.values()) files.seed(FRAGMENT, before);
    for (const name of ALL) local.site.faults.haproxyWillNotStart(name);
    whenPutBack(local, () => {
      for (const name of ALL) local.site.faults.haproxyWillNotStart(name, false);
    });

    const failed = await run(local);
    const fragments = ALL.map((name) => fileOn(local, name, FRAGMENT));
    const report = reportOf(await run(local));

    expect(failed).toMatchObject({ status: 'FAILED', error: 'HAProxyStartTimeout' });
    expect(fragments).toEqual(ALL.map(() => before));
    expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  });
});

/** Does something as soon as the fragment is put back. */
function whenPutBack({ site }: Local, happens: () => void): void {
  const remove = site.faults.onCommand((_, argv) => {
    if (argv[0] !== 'crm_resource') return undefined;
    remove();
    happens();
    return undefined;
  });
}
