import { auditText } from '../../cli/audit-text';
import { style } from '../../cli/style';
import { audit } from '../../domain/audit/audit';
import { page } from '../../domain/audit/page';
import { Trace } from '../../domain/audit/trace';
import { BAN } from '../../domain/commands/disable';
import type { Report } from '../../domain/report/report';
import type { Site } from '../../domain/site/document';
import type { Local } from '../../local/deploy';
import type { GenerationName } from '../../local/simulated-site';
import { type SiteName, site } from '../domain/sites';
import { changes, fileOn, haproxyOn, reportOf, run, withLocal } from './local';
import { allowOnlyPrinted, serving, states, watched } from './watched';

// HAProxy is stopped and started on one controller after another, as haproxy.update of the site document says.

const rolling = (document: Site): Site => ({
  ...document,
  clusterTemplates: [],
  clusters: [],
  haproxy: { ...document.haproxy, update: 'rolling' },
});
const golden = rolling(site('golden'));
const ALL = golden.controllers.map(({ name }) => name);
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** Whether our constraint is in the CIB. */
const banned = ({ site: { pacemaker, controllers } }: Local) =>
  pacemaker.view([...controllers.keys()][0] ?? '')?.cib.find('rsc_location', BAN) !== undefined;

/** Numbers of the nodes for which a ban was armed, in order. */
const turns = (local: Local) =>
  changes(local).flatMap(({ command }) => /-C -o constraints .*#id.*value="(\d+)"/.exec(command)?.[1] ?? []);

const TIME = expect.stringMatching(/^2\d{3}-/) as string;
const TIMES = { from: TIME, to: TIME };

/** Controllers whose HAProxy was replaced, in order. */
const turnsOf = ({ controllers }: Report) =>
  controllers
    .flatMap(({ name, haproxyTurn }) =>
      haproxyTurn?.to ? [{ name, haproxyTurn: { from: haproxyTurn.from, to: haproxyTurn.to } }] : [],
    )
    .sort((one, other) => (one.haproxyTurn.from < other.haproxyTurn.from ? -1 : 1));

const isBan = (argv: readonly string[]) => argv.includes('-M') && argv.includes('constraints');

it.each<{ generation: GenerationName; name: SiteName }>([
  { generation: 'fuel-9', name: 'fuel-9' },
  { generation: 'debian-12', name: 'debian' },
  { generation: 'rocky-9', name: 'rocky-9' },
])(
  'on $generation HAProxy is down on one controller at a time, on that of the VIP last',
  async ({ generation, name }) => {
    const document = rolling(site(name));
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
          haproxyUpdate: 'rolling',
          blastRadius: null,
          verification: { healthy: true },
        });
        expect(report.outageMs).toBeGreaterThan(0);
        // While looks wait for the VIP, others begin half a second apart.
        expect((report.outageMs ?? 0) - seen.silent * 10).toBeGreaterThanOrEqual(-20);
        expect((report.outageMs ?? 0) - seen.silent * 10).toBeLessThan(600);
        expect(report.plan.at(-1)).toMatch(/cycle .*; one after another, the one with the VIP last: /);
        expect(seen).toMatchObject({ most: 1, downEverywhere: 0 });
        expect(states(result)).not.toContain('Disable HAProxy');
        expect(states(result)).not.toContain('Enable HAProxy');
        // The VIP is on the first one to begin with.
        expect(turns(local)).toEqual(['2', '3', '1'].slice(0, document.controllers.length));
        expect(serving(local).some((pid) => before.includes(pid))).toBe(false);
        expect(banned(local)).toBe(false);
        expect([again.outcome, changes(local).length]).toEqual(['unchanged', made]);
        const audited = audit({ events: result.events });
        expect(audited.controllers.map(({ state, cycled }) => [state, cycled])).toEqual(
          ALL.map(() => ['applied', true]),
        );
        expect(auditText(audited, style(true))).toContain(`\nOutage: ${report.outageMs ?? ''} ms`);
        expect(page(audited)).toMatch(/cycled in \d+ ms/);
        // One turn ends before the next begins.
        const times = turnsOf(report).map(({ haproxyTurn }) => haproxyTurn);
        expect(turnsOf(report).map(({ name: controller }) => controller)).toEqual(
          [1, 2, 0].flatMap((at) => document.controllers[at]?.name ?? []),
        );
        expect(times.every(({ from, to }, at) => from < to && to < (times[at + 1]?.from ?? '9'))).toBe(true);
        expect(audited.controllers.map(({ haproxyTurn }) => haproxyTurn)).toEqual(
          report.controllers.map(({ haproxyTurn }) => haproxyTurn),
        );
        expect(auditText(audited, style(true))).toMatch(/: applied: .*HAProxy cycled in \d+ ms/);
      },
      { generation },
    );
  },
);

it('an ordinary user may do it by the printed sudoers file', async () => {
  const document: Site = { ...golden, ssh: { ...golden.ssh, user: 'deploy', sudo: true } };
  await withLocal(document, async (local) => {
    allowOnlyPrinted(local, document);

    const report = reportOf(await run(local));

    expect(report).toMatchObject({ outcome: 'changed', haproxyUpdate: 'rolling' });
    expect(turns(local)).toHaveLength(3);
  });
});

it('HAProxy that does not start again on one controller: it stays down there alone, and comes back with the files of before', async () => {
  await withLocal(golden, async (local) => {
    const remove = local.site.faults.onCommand((host, argv) => {
      if (!isBan(argv)) return undefined;
      remove();
      local.site.faults.haproxyWillNotStart('node-1');
      return undefined;
    });
    const mend = local.clock.every(1000, () => {
      if (fileOn(local, 'node-1', FRAGMENT) !== undefined || turns(local).length === 0) return;
      local.site.faults.haproxyWillNotStart('node-1', false);
    });
    const { seen, end } = watched(local);

    const result = await run(local);
    await local.clock.sleep(200_000);

    end();
    mend();
    expect(result).toMatchObject({ status: 'FAILED', error: 'HAProxyRollTimeout' });
    expect(result.cause).toContain(
      'one controller after another, but not everywhere after 180 s; waiting for: haproxy to serve on node-1',
    );
    expect(states(result)).toContain('Enable HAProxy');
    const { outages, controllers } = audit({ events: result.events });
    const trace = new Trace();
    for (const event of result.events) trace.take(event);
    const { report } = trace.steps.find(({ name }) => name === 'Report failure')?.output as { report: Report };
    // Of the update and of the roll-back, in which the VIP moved, too.
    expect(outages).toMatchObject([TIMES, TIMES]);
    expect((outages[0]?.length?.atMost ?? 0) - seen.silent * 10).toBeGreaterThanOrEqual(-20);
    expect(controllers.map(({ haproxyTurn }) => haproxyTurn)).toEqual([{ ...TIMES, to: null }, TIMES, TIMES]);
    expect(report.outages).toEqual(outages.map(({ from, to }) => ({ from, to })));
    expect(report.controllers.map(({ haproxyTurn }) => haproxyTurn)).toEqual(
      controllers.map(({ haproxyTurn }) => haproxyTurn),
    );
    expect(seen).toMatchObject({ most: 1, downEverywhere: 0 });
    expect(ALL.map((name) => fileOn(local, name, FRAGMENT))).toEqual(ALL.map(() => undefined));
    expect(haproxyOn(local)).toEqual(ALL);
    expect(banned(local)).toBe(false);
  });
});

it("a ban of ours that was left is taken away by recovery and by an apply, and nobody else's is", async () => {
  const left = (local: Local) =>
    local.site.pacemaker.change('node-1', (cib) =>
      cib.change((configuration) => {
        const constraints = configuration.children.find(({ name }) => name === 'constraints');
        const ban = (id: string, resource: string, end: string) => ({
          name: 'rsc_location',
          attributes: { id, rsc: resource },
          children: [
            {
              name: 'rule',
              attributes: { id: `${id}-1764205409000`, score: '-INFINITY', 'boolean-op': 'and' },
              children: [
                {
                  name: 'expression',
                  attributes: { id: `${id}-node`, attribute: '#id', operation: 'eq', value: '3' },
                  children: [],
                },
                { name: 'date_expression', attributes: { id: `${id}-until`, operation: 'lt', end }, children: [] },
              ],
            },
          ],
        });
        constraints?.children.push(
          ban(BAN, 'p_haproxy', '2001-01-01 00:00:00Z'),
          ban('cli-ban-vip-on-node-3', 'vip__management', '2099-01-01 00:00:00Z'),
        );
      }),
    );
  await withLocal(golden, async (local) => {
    for (const mode of ['recover', 'apply'] as const) {
      left(local);
      const result = await run(local, mode);
      expect([mode, result.status, banned(local)]).toEqual([mode, 'SUCCEEDED', false]);
      const { cib } = local.site.pacemaker.view('node-1') ?? {};
      expect(cib?.find('rsc_location', 'cli-ban-vip-on-node-3')).toBeDefined();
      local.site.pacemaker.change('node-1', (one) =>
        one.change((configuration) => {
          for (const section of configuration.children)
            section.children = section.children.filter(
              ({ attributes }) => attributes['id'] !== 'cli-ban-vip-on-node-3',
            );
        }),
      );
    }
  });
});
