import { END_DISABLE } from '../../domain/commands/disable';
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

    let backAt = 0;
    whenPutBack(local, () => (backAt = local.clock.now()));
    const began = local.clock.now();
    const failed = await run(local);
    const seconds = (backAt - began) / 1000;
    const [running, vip] = [haproxyOn(local), virtualIp(local)];
    const fragments = ALL.map((name) => fileOn(local, name, FRAGMENT));
    const again = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'HAProxyStartTimeout' });
    // HAProxy would have been waited for 180 s.
    expect(seconds).toBeLessThan(120);
    expect(failed.cause).toContain(
      'Rolled back: files and firewall rule are as before this execution on node-1, node-2, node-3.',
    );
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
    expect(failed.cause).toMatch(
      /waiting for: haproxy to start on node-2.*\nRolled back: .* on node-1, node-2, node-3\./,
    );
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

/** Content, owner and mode of the managed files of every controller, and its rules. */
const stateOf = ({ site }: Local) =>
  ALL.map((name) => {
    const { files, input } = site.controllers.get(name) ?? {};
    const managed = ['/etc/magnum/magnum.conf', FRAGMENT, '/etc/iptables/rules.v4'].map((path) => {
      const { content, owner, group, mode } = files?.files.get(path) ?? {};
      return [path, content, owner, group, mode];
    });
    return [managed, input?.print()];
  });
const servicesOf = ({ site }: Local) =>
  ALL.flatMap((name) =>
    [golden.magnum.apiService, golden.magnum.conductorService].map(
      (service) => site.controllers.get(name)?.services.get(service)?.startedAt !== undefined,
    ),
  );

/** The site as an apply leaves it, with drift by hand that does no harm. @returns its state */
async function drifted(local: Local): Promise<unknown> {
  reportOf(await run(local));
  for (const { files } of local.site.controllers.values()) {
    for (const [path, from, to] of [
      ['/etc/magnum/magnum.conf', 'heartbeat_timeout_threshold = 60', 'heartbeat_timeout_threshold = 61'],
      [FRAGMENT, 'rise 3', 'rise 4'],
    ] as const) {
      const { content = '', mode, owner, group } = files.files.get(path) ?? {};
      expect(content).toContain(from);
      files.seed(path, content.replace(from, to), mode, owner, group);
    }
  }
  return stateOf(local);
}

/** Once, as HAProxy is enabled. */
function whenEnabled({ site }: Local, happens: () => void): void {
  const remove = site.faults.onCommand((_, argv) => {
    if (argv.join(' ') !== END_DISABLE.argv.join(' ')) return undefined;
    remove();
    happens();
    return undefined;
  });
}

const stop = ({ site }: Local, name: string) => {
  const { services } = site.controllers.get(name) ?? {};
  for (const service of [golden.magnum.apiService, golden.magnum.conductorService]) services?.get(service)?.stop();
};

test.each([
  ['Verify fails on the second controller', ['node-2']],
  ['Magnum dies everywhere seconds after its restart', ALL],
])('where %s, all three are as before, byte for byte, and serve', async (_, dying) => {
  await withLocal(golden, async (local) => {
    const before = await drifted(local);
    whenEnabled(local, () => {
      for (const name of dying) stop(local, name);
    });

    const failed = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'VerificationFailed' });
    expect(failed.cause).toContain('magnum-conductor does not run on node-2');
    expect(failed.cause).toContain(
      'Rolled back: files and firewall rule are as before this execution on node-1, node-2, node-3. ' +
        'Afterwards Magnum and HAProxy serve.',
    );
    expect(stateOf(local)).toEqual(before);
    expect(servicesOf(local)).toEqual(Array(6).fill(true));
    expect(haproxyOn(local)).toEqual(ALL);
    expect(reportOf(await run(local))).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  });
});

test('where what is there is to be kept, it is', async () => {
  const keeping: Site = { ...golden, onFailure: 'keep' };
  await withLocal(keeping, async (local) => {
    const before = await drifted(local);
    whenEnabled(local, () => {
      stop(local, 'node-2');
    });

    const failed = await run(local);

    expect(failed).toMatchObject({ status: 'FAILED', error: 'VerificationFailed' });
    expect(failed.cause).not.toContain('Rolled back');
    expect(stateOf(local)).not.toEqual(before);
  });
});

/** Does something as soon as the fragment is put back. */
function whenPutBack({ site }: Local, happens: () => unknown): void {
  const remove = site.faults.onCommand((_, argv) => {
    if (argv[0] !== 'crm_resource') return undefined;
    remove();
    happens();
    return undefined;
  });
}
