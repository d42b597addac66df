import { auditText } from '../../cli/audit-text';
import { style } from '../../cli/style';
import { audit } from '../../domain/audit/audit';
import { page } from '../../domain/audit/page';
import type { Site } from '../../domain/site/document';
import { reloadCommand } from '../../domain/commands/reload';
import { commandLine } from '../../domain/ssh/command-line';
import type { Local } from '../../local/deploy';
import type { GenerationName } from '../../local/simulated-site';
import { type SiteName, site } from '../domain/sites';
import { changes, fileOn, haproxyOn, listensEverywhere, reportOf, run, withLocal } from './local';
import { allowOnlyPrinted, serving, states, watched } from './watched';

// HAProxy is reloaded, as haproxy.update of the site document says.

const reloading = (document: Site): Site => ({
  ...document,
  clusterTemplates: [],
  clusters: [],
  haproxy: { ...document.haproxy, update: 'reload' },
});
const golden = reloading(site('golden'));
const ALL = golden.controllers.map(({ name }) => name);
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** How many HAProxies run, those that only serve their sessions on among them. */
const running = ({ site: { controllers } }: Local) =>
  [...controllers.values()].map(
    ({ processes }) => processes.filter(({ args }) => args.includes('/etc/haproxy/haproxy.cfg')).length,
  );

/** What nobody reads. */
const nowhere = {
  input: { soFar: '', all: () => Promise.resolve('') },
  broken: false,
  print: () => undefined,
  exit: () => undefined,
};

it.each<{ generation: GenerationName; name: SiteName; agent: string }>([
  { generation: 'fuel-9', name: 'fuel-9', agent: 'ns_haproxy reload' },
  { generation: 'fuel-10', name: 'fuel', agent: 'ns_haproxy reload' },
  { generation: 'debian-12', name: 'debian', agent: '/etc/init.d/haproxy reload' },
  { generation: 'rocky-9', name: 'rocky-9', agent: 'systemctl reload haproxy' },
  { generation: 'centos-7', name: 'centos-7', agent: 'systemctl reload haproxy' },
])('on $generation it is never down, by $agent', async ({ generation, name, agent }) => {
  const document = reloading(site(name));
  await withLocal(
    document,
    async (local) => {
      const before = serving(local);
      const { seen, end } = watched(local);

      const result = await run(local);

      end();
      const report = reportOf(result);
      const made = changes(local).length;
      const again = reportOf(await run(local));
      expect(report).toMatchObject({
        outcome: 'changed',
        haproxyUpdate: 'reload',
        outageMs: 0,
        outages: [],
        blastRadius: null,
        verification: { healthy: true },
      });
      expect(report.plan.at(-1)).toMatch(/reload .*; one after another, and nothing is down meanwhile$/);
      expect(seen.looks).toBeGreaterThan(500);
      expect(seen).toMatchObject({ down: 0, silent: 0 });
      expect(states(result)).not.toContain('Disable HAProxy');
      expect(changes(local).filter(({ command }) => command.includes(agent))).toHaveLength(document.controllers.length);
      expect(serving(local).some((pid) => before.includes(pid))).toBe(false);
      expect([again.outcome, changes(local).length]).toEqual(['unchanged', made]);
      const audited = audit({ events: result.events });
      expect(audited.controllers.map(({ state, cycled }) => [state, cycled])).toEqual(ALL.map(() => ['applied', true]));
      expect(auditText(audited, style(true))).toContain('\nOutage: none.\n');
      expect(page(audited)).toContain('reloaded');
    },
    { generation },
  );
});

it('an ordinary user may reload it by the printed sudoers file', async () => {
  const document: Site = { ...golden, ssh: { ...golden.ssh, user: 'deploy', sudo: true } };
  await withLocal(document, async (local) => {
    allowOnlyPrinted(local, document);

    const report = reportOf(await run(local));

    expect(report).toMatchObject({ outcome: 'changed', outageMs: 0 });
  });
});

it('invoked twice at once, one HAProxy is left on each controller', async () => {
  await withLocal(golden, async (local) => {
    let twice = 0;
    local.site.faults.onCommand((host, argv) => {
      if (host === 'node-1' && argv.includes('reload') && twice++ === 0) {
        const other = local.site.controllers.get(host);
        // Somebody else's begins at the same moment.
        const line = commandLine(reloadCommand('lsb:haproxy', undefined), false);
        if (other) void local.site.shell.run(other, 'root', line, nowhere);
      }
      return undefined;
    });

    const report = reportOf(await run(local));
    await local.clock.sleep(60_000);

    expect(twice).toBe(2);
    expect(report.outcome).toBe('changed');
    expect(running(local)).toEqual([1, 1, 1]);
  });
});

it('a process that does not start: the old ones serve on, the files of before are put back, and nothing is down', async () => {
  await withLocal(golden, async (local) => {
    const remove = local.site.faults.onCommand((host, argv) => {
      if (host !== 'node-2' || !argv.includes('reload')) return undefined;
      remove();
      // Neither Preflight nor Reach could see it.
      local.site.controllers.get(host)?.services.get('magnum-api')?.stop();
      listensEverywhere(local.site, host);
      return undefined;
    });
    const { seen, end } = watched(local);

    const result = await run(local);

    end();
    expect(result).toMatchObject({ status: 'FAILED', error: 'CommandFailed' });
    expect(result.cause).toContain('/etc/init.d/haproxy reload');
    expect(result.cause).toContain(
      'Rolled back: files and firewall rule are as before this execution on node-1, node-2, node-3.',
    );
    expect(ALL.map((name) => fileOn(local, name, FRAGMENT))).toEqual(ALL.map(() => undefined));
    expect(states(result)).toContain('Reload HAProxy for roll-back');
    expect(haproxyOn(local)).toEqual(ALL);
    expect(seen).toMatchObject({ down: 0, silent: 0 });
    // What node-1 had read is not in place any more: it was reloaded once more.
    const listeners = ALL.flatMap((name) => local.site.controllers.get(name)?.listening() ?? []);
    expect(listeners.filter(({ program, port }) => program === 'haproxy' && port === 9511)).toEqual([]);
  });
});

it('HAProxy that pacemaker has stopped is not started behind its back', async () => {
  await withLocal(golden, async (local) => {
    const { pacemaker } = local.site;
    let stopped: number[] = [];
    const remove = local.site.faults.onCommand((host, argv) => {
      if (host !== 'node-1' || !argv.includes('reload')) return undefined;
      remove();
      pacemaker.setDisabled('node-2', 'p_haproxy', true);
      local.clock.after(8_000, () => {
        stopped = running(local);
        pacemaker.setDisabled('node-2', 'p_haproxy', false);
      });
      return undefined;
    });

    const report = reportOf(await run(local));

    expect(stopped).toEqual([0, 0, 0]);
    expect(report.outcome).toBe('changed');
    expect(haproxyOn(local)).toEqual(ALL);
    expect(report.outageMs ?? report.outageBoundsMs?.atMost).toBeGreaterThan(5_000);
  });
});

it('an agent of which no reload is known is refused by name, before anything is touched', async () => {
  await withLocal(
    golden,
    async (local) => {
      local.site.pacemaker.change('node-1', (cib) =>
        cib.change((configuration) => {
          const primitive = configuration.children
            .flatMap(({ children }) => children)
            .flatMap((one) => [one, ...one.children])
            .find(({ attributes }) => attributes['id'] === 'p_haproxy');
          Object.assign(primitive?.attributes ?? {}, { class: 'ocf', provider: 'heartbeat', type: 'haproxy' });
        }),
      );

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'PreflightRefused' });
      expect(result.cause).toMatch(
        /error HAProxyNotReloadable: p_haproxy has the agent ocf:heartbeat:haproxy, .* on node-1, node-2, node-3\. Set haproxy\.update to cycle/,
      );
      expect(changes(local)).toEqual([]);
    },
    { generation: 'debian-12' },
  );
});
