import { mapAll } from '../../domain/non-empty';
import { catalogue } from '../../domain/commands/catalogue';
import { magnumRule } from '../../domain/config/iptables';
import type { Site } from '../../domain/site/document';
import type { Command } from '../../domain/ssh/command';
import { document, outageOf, reportOf } from '../workflow/local';
import { type ContractSite, startContractSite } from './site';

const golden = document('golden');
const c = catalogue(golden);
const { magnumConf, fragment, rules } = c.files;
const FILES = [magnumConf, fragment, rules].map(({ path }) => path);
const ALL = golden.controllers.map(({ name }) => name);
const [ONE = '', TWO = '', THREE = ''] = ALL;
const neighbour = '/etc/haproxy/conf.d/190-contract.cfg';

let site: ContractSite;
beforeAll(async () => {
  site = await startContractSite();
});
afterAll(() => site.close());

const root = (...argv: string[]): Command => ({ argv, root: true, timeoutSeconds: 20 });
const pcs = (...words: string[]) => site.run(ONE, root('pcs', ...words));

/** Files with their identities, rules, and processes. */
async function everything(programs = /haproxy|magnum/): Promise<unknown> {
  return Promise.all(
    ALL.map(async (name) => ({
      files: await Promise.all(FILES.map((path) => site.identity(name, path))),
      rules: await input(name),
      daemons: (await site.daemons(name)).filter((one) => programs.test(one)),
    })),
  );
}

/** Policy and rules of INPUT. */
const input = async (name: string) =>
  (await site.run(name, c.rules)).stdout.split('\n').filter((line) => /^-[PA] INPUT /.test(line));

// Before the first apply: there is everything to be changed.
describe('apply is refused, and nothing changed, with', () => {
  interface Refusal {
    readonly what: string;
    readonly error: string;
    readonly cause: RegExp;
    readonly document?: (site: Site) => Site;
    readonly prepare?: () => Promise<unknown>;
    readonly undo?: () => Promise<unknown>;
  }
  const refusals: Refusal[] = [
    {
      what: 'a resource that pacemaker does not know',
      document: (given) => ({ ...given, haproxy: { ...given.haproxy, resource: 'p_nothing' } }),
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnknown: .*p_nothing/,
    },
    {
      what: 'the resource unmanaged',
      prepare: () => pcs('resource', 'unmanage', 'p_haproxy'),
      undo: () => pcs('resource', 'manage', 'p_haproxy'),
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnmanaged: .*pcs resource manage p_haproxy/,
    },
    {
      what: 'the cluster in maintenance mode',
      prepare: () => pcs('property', 'set', 'maintenance-mode=true'),
      undo: () => pcs('property', 'set', 'maintenance-mode=false'),
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnmanaged: .*maintenance-mode=false/,
    },
    {
      what: 'another host key',
      document: ({ controllers, ...given }) => ({
        ...given,
        controllers: mapAll(controllers, (one) =>
          one.name === TWO ? { ...one, hostKey: given.bastion.hostKey } : one,
        ),
      }),
      error: 'HostKeyMismatch',
      cause: new RegExp(`controller ${TWO}`),
    },
    {
      what: 'a broken fragment beside the one to be written',
      prepare: () => site.writeFile(THREE, neighbour, 'listen x\n nonsense\n'),
      undo: () => site.removeFile(THREE, neighbour),
      error: 'PreflightRefused',
      cause: new RegExp(`${THREE}.*190-contract\\.cfg:2`, 's'),
    },
    {
      what: 'a fragment of the same section, which is found only when all are read together',
      prepare: () => site.writeFile(TWO, neighbour, `listen magnum-api\n bind ${golden.virtualIp}:4242\n`),
      undo: () => site.removeFile(TWO, neighbour),
      error: 'StagedFileRejected',
      cause: new RegExp(`180-magnum\\.cfg on ${TWO}`),
    },
    {
      what: 'one controller that does not hear the others',
      prepare: () => lonely([THREE]),
      undo: () => site.rejoin(),
      error: 'PreflightRefused',
      cause: new RegExp(`error NoQuorum: .*${THREE}`, 's'),
    },
    {
      what: 'no quorum anywhere',
      prepare: () => lonely(ALL),
      undo: () => site.rejoin(),
      error: 'PreflightRefused',
      cause: /error NoQuorum: .*quorum/,
    },
    {
      what: 'a controller that is cut off from everybody',
      prepare: () => site.cut(TWO),
      undo: () => site.heal(TWO),
      error: 'ControllerUnreachable',
      cause: new RegExp(TWO),
    },
  ];

  it.each(refusals)('$what: $error', async ({ document: changed, prepare, undo, error, cause }) => {
    await site.settled();
    // Where there is no quorum pacemaker itself stops HAProxy.
    const before = await everything(/magnum-/);
    await prepare?.();

    const result = await site.execute('apply', changed?.(site.document));
    await undo?.();
    await site.settled();

    expect(result).toMatchObject({ status: 'FAILED', error });
    expect(result.cause).toMatch(cause);
    expect(await everything(/magnum-/)).toEqual(before);
  });

  /** Partitions controllers and waits until they know it. */
  async function lonely(controllers: readonly string[]): Promise<void> {
    for (const name of controllers) await site.partition(name);
    for (const name of controllers) {
      await site.until(`${name} has no quorum`, async () =>
        (await site.run(name, c.clusterStatus)).stdout.includes('with_quorum="false"'),
      );
    }
  }
});

describe('apply', () => {
  it('does the whole job', async () => {
    await site.settled();
    const rulesBefore = await input(ONE);

    const report = reportOf(await site.execute('apply'));

    const wanted = `--comment "117 magnum-api from ${golden.managementNetwork}"`;
    expect(report).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
    expect(outageOf(report)).toBeGreaterThan(0);
    expect(await input(ONE)).toHaveLength(rulesBefore.length + 1);
    for (const name of ALL) {
      const running = await input(name);
      const persistent = (await site.readFile(name, rules.path))
        ?.split('\n')
        .filter((one) => one.startsWith('-A INPUT'));
      expect(running.slice(1)).toEqual(persistent);
      expect(running.filter((one) => one.includes(wanted))).toHaveLength(1);
      expect(running.at(-1)).toContain('999 drop all other requests');
      expect(await site.run(name, c.validateHaproxy)).toMatchObject({ exitCode: 0 });
    }
    for (const address of [golden.virtualIp, ...golden.controllers.map((one) => one.address)]) {
      expect(await site.reaches(ONE, address, golden.magnum.apiPort)).toBe(true);
    }
  });

  it('changes nothing the second time: no file, no rule, no process', async () => {
    const before = await everything();

    const report = reportOf(await site.execute('apply'));

    expect(report).toMatchObject({ outcome: 'unchanged', plan: [], outageMs: null });
    expect(await everything()).toEqual(before);
  });

  const drifts = [
    {
      what: 'a changed option',
      make: () => edit(TWO, magnumConf.path, (text) => text.replace('heartbeat_rate = 2', 'heartbeat_rate = 3')),
      cycles: false,
    },
    { what: 'a missing rule', make: async () => site.run(TWO, c.deleteRule(await ours(TWO))), cycles: false },
    {
      what: 'a rule behind the final DROP',
      make: async () => {
        await site.run(TWO, c.deleteRule(await ours(TWO)));
        await site.run(TWO, c.insertRule((await input(TWO)).length));
      },
      cycles: false,
    },
    {
      what: 'a rules file without the rule',
      make: () => edit(TWO, rules.path, (text) => text.replace(/^.*117 magnum-api.*\n/m, '')),
      cycles: false,
    },
    {
      what: 'an edited fragment',
      make: () => edit(TWO, fragment.path, (text) => text.replace('timeout  server 600s', 'timeout  server 60s')),
      cycles: true,
    },
  ];
  it.each(drifts)('mends $what, which check has found', async ({ make, cycles }) => {
    await site.settled();
    const before = await contents();
    const processes = await site.daemons(ONE);
    await make();
    const drifted = await contents();

    const found = reportOf(await site.execute('check'));
    const untouched = await contents();
    const mended = reportOf(await site.execute('apply'));

    expect(drifted).not.toEqual(before);
    expect(found).toMatchObject({ outcome: 'drift', outageMs: null });
    expect(found.plan.filter((one) => one.startsWith(`${TWO}: `))).not.toEqual([]);
    expect(found.plan.filter((one) => one.startsWith(`${ONE}: `))).toEqual([]);
    expect(untouched).toEqual(drifted);
    expect(mended).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
    expect(outageOf(mended) !== null).toBe(cycles);
    expect(await contents()).toEqual(before);
    const kept = (await site.daemons(ONE)).filter((one) => processes.includes(one));
    expect(kept.some((one) => one.includes('/haproxy '))).toBe(!cycles);
    expect(kept.some((one) => one.includes('/magnum-conductor '))).toBe(true);
  });

  it('lasts: a controller that boots again has its rules, and check finds nothing', async () => {
    const before = await input(THREE);

    await site.powerOff(THREE);
    await site.powerOn(THREE);
    await site.settled();

    expect(await input(THREE)).toEqual(before);
    await site.until('Magnum answers on it', () =>
      site.reaches(ONE, golden.controllers[2]?.address ?? '', golden.magnum.apiPort),
    );
    expect(reportOf(await site.execute('check'))).toMatchObject({ outcome: 'unchanged', plan: [] });
  });

  function contents(): Promise<unknown> {
    return Promise.all(
      ALL.map(async (name) => [await Promise.all(FILES.map((path) => site.readFile(name, path))), await input(name)]),
    );
  }

  /** The number of Magnum's rule. */
  async function ours(name: string): Promise<number> {
    const comment = magnumRule(golden).find((word) => word.includes('magnum-api')) ?? '';
    return (await input(name)).findIndex((one) => one.includes(comment));
  }

  async function edit(name: string, path: string, change: (text: string) => string): Promise<void> {
    await site.writeFile(name, path, change((await site.readFile(name, path)) ?? ''));
  }
});
