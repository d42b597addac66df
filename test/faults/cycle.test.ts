import { type Local, startLocal } from '../../local/deploy';
import type { CommandFault } from '../../local/simulated-site';
import { document, haproxyOn, QUICK, reportOf, run, withLocal } from '../workflow/local';

const ALL = ['node-1', 'node-2', 'node-3'];
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';

/** The commands of the cycle, in the states in which they run. */
const steps = [
  { state: 'Disable HAProxy', program: 'crm_mon', when: 'before it disables' },
  { state: 'Disable HAProxy', program: 'pcs', when: 'as it disables' },
  { state: 'Disable HAProxy', program: 'ps', when: 'as it looks for processes' },
  { state: 'Enable HAProxy', program: 'pcs', when: 'as it enables' },
  { state: 'Enable HAProxy', program: 'ps', when: 'as it looks for processes' },
  { state: 'Enable HAProxy', program: 'crm_mon', when: "as it asks for pacemaker's view" },
];

/** What can happen to a command. */
const faults: Record<string, CommandFault> = {
  'fails at once': { exit: 1, stderr: 'Error: injected' },
  'fails although it had its effect': { exit: 1, stderr: 'Error: injected', when: 'after' },
  'loses its connection before it runs': { disconnect: 'before' },
  'loses its connection when it has run': { disconnect: 'after' },
  'never ends': { hang: true },
};

describe('HAProxy comes back after a failure at each step of the cycle', () => {
  let local: Local;

  beforeAll(async () => {
    local = await startLocal(document('golden'), { speed: 400, timings: QUICK });
    reportOf(await run(local));
  });
  beforeEach(() => {
    // Without its fragment HAProxy has to be cycled, and nothing else has to be done.
    for (const { files } of local.site.controllers.values()) files.files.delete(FRAGMENT);
  });
  afterEach(() => {
    local.site.faults.clearCommandHooks();
  });
  afterAll(() => local.close());

  it.each(steps.flatMap((step) => Object.keys(faults).map((fault) => ({ ...step, fault }))))(
    'where $program in $state, $when, $fault',
    async ({ state, program, fault }) => {
      // Always, for the first state of the cycle; for the second, as long as a retry can outlive it.
      let left = state === 'Disable HAProxy' ? Infinity : 3;
      injectIn(local, state, program, () => (left-- > 0 ? faults[fault] : undefined));

      const result = await run(local);

      await settled(local, ALL);
      expect(haproxyOn(local)).toEqual(ALL);
      expect(local.site.pacemaker.disabled).toBe(false);
      // A fault before HAProxy is disabled for good ends the execution; one after is outlived by trying again.
      // Compared as a whole, so that a test that fails says why.
      const { status, error, cause } = result;
      const failed = { status: 'FAILED', error, cause };
      expect({ status, error, cause }).toEqual(state === 'Disable HAProxy' ? failed : { status: 'SUCCEEDED' });
      expect(locks(local)).toEqual([]);
    },
  );
});

describe('HAProxy comes back', () => {
  it('where a controller loses power while HAProxy is disabled: on the others, and the error names it', async () => {
    await withLocal(document('golden'), async (local) => {
      let on = true;
      injectIn(local, 'Disable HAProxy', 'ps', () => {
        if (on) local.site.faults.powerOff('node-3');
        on = false;
        return undefined;
      });

      const { status, cause } = await run(local);

      await settled(local, ['node-1', 'node-2']);
      expect(status).toBe('FAILED');
      expect(cause).toContain('node-3');
      expect(haproxyOn(local)).toEqual(['node-1', 'node-2']);
      expect(local.site.pacemaker.disabled).toBe(false);
    });
  });

  it('where the bastion is gone for a while', async () => {
    await withLocal(document('golden'), async (local) => {
      let back: Promise<unknown> | undefined;
      injectIn(local, 'Disable HAProxy', 'ps', () => {
        back ??= local.site.faults.bastionDown().then(async () => {
          await new Promise((resolve) => setTimeout(resolve, 200));
          await local.site.faults.bastionUp();
        });
        return undefined;
      });

      const { status, cause } = await run(local);

      await back;
      await settled(local, ALL);
      expect(status).toBe('FAILED');
      expect(cause).toContain('bastion');
      expect(haproxyOn(local)).toEqual(ALL);
    });
  });

  it('where a disable outlives its connection, and acts after HAProxy was enabled', async () => {
    await withLocal(document('golden'), async (local) => {
      const { foreground } = local.site.controllers.get('node-1') ?? { foreground: new Set() };
      const late = 1500;
      let lost = false;
      injectIn(local, 'Disable HAProxy', 'pcs', () => {
        if (lost) return undefined;
        lost = true;
        local.site.faults.dropConnections();
        const process = {
          name: 'pcs',
          args: 'python3 /usr/sbin/pcs resource disable p_haproxy',
          startedAt: Date.now(),
        };
        foreground.add(process);
        setTimeout(() => foreground.delete(process), late + 100);
        return { delay: late };
      });

      await run(local);

      expect(local.site.pacemaker.disabled).toBe(false);
      expect(haproxyOn(local)).toEqual(ALL);
      await new Promise((resolve) => setTimeout(resolve, late));
      expect(local.site.pacemaker.disabled).toBe(false);
      expect(haproxyOn(local)).toEqual(ALL);
    });
  });

  it('where HAProxy will not stop on one controller: enabled again, and the error says what to do', async () => {
    await withLocal(
      document('golden'),
      async (local) => {
        local.site.faults.haproxyWillNotStop('node-2');

        const { error, cause } = await run(local);

        expect(error).toBe('HAProxyStopBlocked');
        expect(cause).toMatch(/node-2.*pcs resource cleanup p_haproxy/s);
        expect(local.site.pacemaker.disabled).toBe(false);
        expect(haproxyOn(local)).toEqual(ALL);
      },
      { timings: { operationTimeout: 500 } },
    );
  });

  it('where HAProxy does not start on one controller: on the others, and the error names it', async () => {
    const golden = document('golden');
    const impatient = { ...golden, haproxy: { ...golden.haproxy, startTimeoutSeconds: 1 } };
    await withLocal(impatient, async (local) => {
      local.site.faults.haproxyWillNotStart('node-1');

      const { error, cause } = await run(local);

      expect(error).toBe('HAProxyStartTimeout');
      expect(cause).toContain('node-1');
      expect(haproxyOn(local)).toEqual(['node-2', 'node-3']);
    });
  });

  it('where somebody left it disabled: the next execution enables it', async () => {
    await withLocal(document('golden'), async (local) => {
      expect((await run(local)).status).toBe('SUCCEEDED');
      local.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);
      await settled(local, []);
      expect(haproxyOn(local)).toEqual([]);

      const { status } = await run(local);

      expect(status).toBe('SUCCEEDED');
      expect(haproxyOn(local)).toEqual(ALL);
    });
  });
});

/** Injects into a program's runs, in one state of the cycle. */
function injectIn({ site, deployment }: Local, state: string, program: string, fault: () => CommandFault | undefined) {
  // Until pcs is told to enable, the function of the cycle is in Disable HAProxy or polls for it.
  let enabling = false;
  site.faults.onCommand((_host, argv) => {
    enabling ||= argv[0] === 'pcs' && argv[2] === 'enable';
    const current = enabling ? 'Enable HAProxy' : 'Disable HAProxy';
    const cycling = deployment.invoked.at(-1)?.includes('Cycle') === true;
    return cycling && current === state && argv[0] === program ? fault() : undefined;
  });
}

/** Gives pacemaker time to finish what it was told. */
async function settled(local: Local, expected: readonly string[]): Promise<void> {
  for (let looks = 0; looks < 50 && haproxyOn(local).join() !== expected.join(); looks++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function locks({ deployment }: Local): string[] {
  return [...deployment.tables.values()].flatMap(({ items }) => [...items.keys()]);
}
