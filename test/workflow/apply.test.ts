import { TASK_NAMES, TASKS } from '../../domain/tasks';
import type { Site } from '../../domain/site/document';
import { mapAll } from '../../domain/non-empty';
import { readFileSync } from 'node:fs';
import type { Local } from '../../local/deploy';
import { changes, document, fileOn, haproxyOn, reportOf, run, withLocal } from './local';

const PATHS = ['/etc/magnum/magnum.conf', '/etc/haproxy/conf.d/180-magnum.cfg', '/etc/iptables/rules.v4'];
const ALL = ['node-1', 'node-2', 'node-3'];

/** The passwords of the guide. */
const guideSecrets = Object.fromEntries(
  Object.entries({
    'database-password': 'password',
    'keystone-password': 'password',
    'rabbit-password': 'A3elbTUIqOcqRihB6XE3MWzN',
    'trustee-password': 'magnum',
    'openstack-password': 'openstack',
  }).flatMap(([name, value]) => ['golden', 'guide'].map((site) => [`/magnum-ha/${site}/${name}`, value])),
);

/** The texts that a controller's files should have: written out beside this test, for each from the packages' own file and the guide. */
function expectedFiles(site: string, controller: string, address: string): string[] {
  const read = (name: string) => readFileSync(`${__dirname}/expected/${name}`, 'utf8');
  return [
    // Written out for node-1; the others differ in these lines.
    read(`${site}.magnum.conf`)
      .replace('\nhost = 10.21.22.6\n', `\nhost = ${address}\n`)
      .replace('\nhost = node-1\n', `\nhost = ${controller}\n`),
    read('180-magnum.cfg'),
    read(`${controller}.rules.v4`),
  ];
}

describe('apply on the golden site', () => {
  it('makes every managed file and the running firewall what they should be, and all that serves Magnum serve', async () => {
    await withLocal(
      document('golden'),
      async (local) => {
        const report = reportOf(await run(local));

        for (const { name, address } of local.site.document.controllers) {
          expect(PATHS.map((path) => fileOn(local, name, path))).toEqual(expectedFiles('golden', name, address));
        }
        expect(ALL.map((name) => runningRules(local, name))).toEqual(ALL.map((name) => persistentRules(local, name)));
        expect(haproxyOn(local)).toEqual(ALL);
        expect(report).toMatchObject({
          outcome: 'changed',
          findings: [],
          verification: { healthy: true },
          clusterTemplates: [{ action: 'created' }],
          clusters: [{ action: 'created', status: 'CREATE_COMPLETE', managers: 3, workers: 5 }],
        });
        expect(report.outageMs).toBeGreaterThan(0);
      },
      { secrets: guideSecrets },
    );
  });

  it('changes nothing the second time: no write, no restart, no cycle', async () => {
    await withLocal(document('golden'), async (local) => {
      reportOf(await run(local));
      const before = changes(local).length;

      const again = reportOf(await run(local));

      expect(changes(local)).toHaveLength(before);
      expect(again).toMatchObject({ outcome: 'unchanged', plan: [], outageMs: null, blastRadius: null });
      expect(again.controllers.every(({ written, restarted }) => written.length === 0 && restarted === null)).toBe(
        true,
      );
    });
  });

  it('leaves everything as it is in mode check, and says what would change', async () => {
    await withLocal(document('golden'), async (local) => {
      const report = reportOf(await run(local, 'check'));

      expect(changes(local)).toEqual([]);
      expect(report.outcome).toBe('drift');
      expect(report.controllers.map(({ files }) => files.map(({ path }) => path).sort())).toEqual(
        ALL.map(() => [...PATHS].sort()),
      );
      expect(report.plan.at(-1)).toContain('everything behind the VIP 10.21.22.2 is down');
      expect(report.plan.at(-1)).toContain('Pacemaker stops with it: vip__management (by crm_simulate).');
      expect(report.plan.at(-1)).toContain('keystone-1 (10.21.22.2:5000)');
      expect(report.blastRadius?.resources).toEqual(['vip__management']);
      expect(report.blastRadius?.listeners).toContain('mysqld (10.21.22.2:3306)');
    });
  });

  it('reports the drift of thirty controllers within the limits of Step Functions', async () => {
    const golden = document('golden');
    const [pattern] = golden.controllers;
    const controllers = mapAll([pattern, ...Array.from({ length: 29 }, () => pattern)], (one, index) => ({
      ...one,
      name: `node-${index + 1}`,
      address: `10.21.22.${index + 10}`,
    }));
    await withLocal({ ...golden, controllers }, async (local) => {
      const report = reportOf(await run(local, 'check'));

      expect(report.controllers).toHaveLength(30);
      expect(report.controllers.every(({ files }) => files.length === 3)).toBe(true);
      const [first, ...others] = report.controllers.map(({ files }) => files[1]);
      expect(first?.diff.length).toBeGreaterThan(30);
      expect(first?.diff).toContain("[DEFAULT] host: (not set) → (the controller's name)");
      expect(first?.diff.at(-1)).not.toContain('more lines');
      expect(others).toEqual(others.map(() => ({ ...first, diff: [], sameAs: 'node-1' })));
      expect(JSON.stringify(report).length).toBeLessThan(60_000);
    });
  });

  it('removes only the drift there is: a changed option restarts one controller and cycles nothing', async () => {
    await withLocal(document('golden'), async (local) => {
      reportOf(await run(local));
      const files = local.site.controllers.get('node-2')?.files;
      const conf = files?.files.get(PATHS[0] ?? '')?.content ?? '';
      files?.write(PATHS[0] ?? '', conf.replace('heartbeat_rate = 2', 'heartbeat_rate = 3'));

      const report = reportOf(await run(local));

      expect(report.outcome).toBe('changed');
      expect(report.outageMs).toBeNull();
      expect(report.controllers.map(({ restarted }) => restarted !== null)).toEqual([false, true, false]);
      expect(report.controllers[1]?.files[0]?.diff).toEqual(['[oslo_messaging_rabbit] heartbeat_rate: 3 → 2']);
    });
  });

  it('goes on if an execution ended between commit and restart: services with an older configuration restart', async () => {
    const keeping: Site = { ...document('golden'), onFailure: 'keep' };
    await withLocal(keeping, async (local) => {
      const removeFault = local.site.faults.onCommand((_host, argv) =>
        argv[0] === 'service' ? { exit: 1, stderr: 'injected' } : undefined,
      );
      expect((await run(local)).error).toBe('CommandFailed');
      removeFault();
      for (const { files } of local.site.controllers.values()) {
        for (const path of PATHS) files.setModified(path, local.clock.now());
      }

      const report = reportOf(await run(local));

      expect(report.controllers.every(({ written }) => written.length === 0)).toBe(true);
      expect(report.controllers.every(({ restarted }) => restarted !== null)).toBe(true);
      expect(report.outageMs).toBeGreaterThan(0);
    });
  });

  it('runs every task as the bundle of the synthesized assembly, with the AWS SDK inside', async () => {
    await withLocal(document('golden'), async (local) => {
      reportOf(await run(local));
      reportOf(await run(local, 'check'));

      const { invoked, functions } = local.deployment;

      // An event invokes Archive, a schedule WeeklySummary, the fleet machine its matrix. An apply wakes what it then does not need.
      const asked = [...functions.keys()].filter((name) => !/^Archive|^FleetResults|^WeeklySummary/.test(name));
      expect(new Set(invoked)).toEqual(new Set(asked));
      for (const { file } of functions.values())
        expect(file).toMatch(/assembly-[0-9a-f]+\/asset\.[0-9a-f]+\/index\.js$/);
      const withSdk = [...functions.values()].filter(({ file }) => readFileSync(file, 'utf8').includes('AmazonSSM'));
      expect(withSdk.map(({ name }) => name).filter((name) => /Plan|Report|Authorize/.test(name))).toEqual([]);
      expect(withSdk).toHaveLength(TASK_NAMES.filter((task) => TASKS[task].secrets.length > 0).length + 1);
    });
  });
});

describe('apply on other sites', () => {
  const golden = document('golden');
  const [first] = golden.controllers;
  const five = mapAll([6, 5, 4, 7, 8], (last, index) => ({
    ...first,
    name: `node-${index + 1}`,
    address: `10.21.22.${last}`,
  }));

  const alone: Site['controllers'] = [five[0]];

  it.each([
    { what: 'an ordinary user with sudo', site: { ...golden, ssh: { ...golden.ssh, user: 'deploy', sudo: true } } },
    { what: 'five controllers', site: { ...golden, controllers: five } },
    { what: 'one controller', site: { ...golden, controllers: alone } },
    { what: 'another resource', site: { ...golden, haproxy: { ...golden.haproxy, resource: 'haproxy' } } },
    {
      what: 'fragments that an include statement reads',
      site: { ...golden, haproxy: { ...golden.haproxy, include: 'statement' as const } },
    },
    { what: 'the newest release', site: { ...golden, release: '2026.1' as const, clusters: [], clusterTemplates: [] } },
  ])('succeeds with $what, and the second time changes nothing', async ({ site }) => {
    await withLocal(site, async (local) => {
      const outcome = reportOf(await run(local)).outcome;
      const before = changes(local).length;
      const again = reportOf(await run(local)).outcome;

      expect([outcome, again]).toEqual(['changed', 'unchanged']);
      expect(changes(local)).toHaveLength(before);
      expect(haproxyOn(local)).toEqual(site.controllers.map(({ name }) => name));
    });
  });
});

describe("the guide's own site", () => {
  it("gets the guide's text if none of its clusters is wanted, which cannot be made; and is told its faults", async () => {
    await withLocal(
      { ...document('guide'), clusterTemplates: [], clusters: [] },
      async (local) => {
        const report = reportOf(await run(local));

        for (const { name, address } of local.site.document.controllers) {
          expect(PATHS.map((path) => fileOn(local, name, path))).toEqual(expectedFiles('guide', name, address));
        }
        expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
        expect(report.findings.map(({ name }) => name)).toContain('AuthUriWithoutV3');
        expect(report.findings.map(({ name }) => name)).toContain('KeystoneAuthMissing');
      },
      { secrets: guideSecrets },
    );
  });
});

function runningRules({ site }: Local, controller: string): string[] {
  const lines = site.controllers.get(controller)?.input.print().split('\n') ?? [];
  return lines.filter((line) => line.startsWith('-A INPUT'));
}

function persistentRules(local: Local, controller: string): string[] {
  const text = fileOn(local, controller, '/etc/iptables/rules.v4') ?? '';
  return text.split('\n').filter((line) => line.startsWith('-A INPUT'));
}
