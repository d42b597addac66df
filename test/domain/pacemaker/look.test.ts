import { withSite } from '../../../domain/commands/site-connection';
import { NoQuorum } from '../../../domain/pacemaker/cluster';
import { look } from '../../../domain/pacemaker/look';
import { generationOf } from '../../../local/simulated-site';
import { descendants, type Element, parse } from '../../../local/simulated-site/cib';
import { type Simulated, simulate } from '../simulated';
import { site as siteOf } from '../sites';

const golden = siteOf('golden');
const STOPPED_BY_RULE =
  '<meta_attributes id="night"><rule id="night-rule" score="INFINITY"><date_expression id="until" operation="lt" ' +
  'end="2100-01-01 00:00:00Z"/></rule><nvpair id="night-role" name="target-role" value="Stopped"/></meta_attributes>';

let simulated: Simulated;
afterEach(() => simulated.end());

const looked = (document = golden) =>
  simulated.clock.drive(withSite(simulated.world, document, { expected: [] }, look));

describe('HAProxy', () => {
  beforeEach(() => (simulated = simulate(golden)));

  test('is enabled, or it is not', async () => {
    const before = await looked();
    simulated.site.pacemaker.setDisabled('node-1', 'p_haproxy', true);

    expect([before.disabled, (await looked()).disabled]).toEqual([false, true]);
  });

  test.each(['off', 'unreachable', 'with another host key', 'letting nobody in', 'without pacemaker'])(
    'is seen to be disabled although a controller is %s, and that takes seconds at most',
    async (how) => {
      const { faults, pacemaker } = simulated.site;
      pacemaker.setDisabled('node-1', 'p_haproxy', true);
      if (how === 'off') faults.powerOff('node-1');
      if (how === 'unreachable') faults.unreachable('node-1');
      if (how === 'with another host key') faults.rotateHostKey('node-1');
      if (how === 'letting nobody in') faults.refuseLogins('node-1');
      if (how === 'without pacemaker') faults.stopCluster('node-1');
      const began = simulated.clock.now();

      const { disabled, platforms } = await looked();

      expect([disabled, simulated.clock.now() - began < 5_000]).toEqual([true, true]);
      expect(platforms.map(({ controllers }) => controllers)).toEqual([['node-1', 'node-2', 'node-3']]);
    },
  );

  test('is not disabled because one that is cut off thinks so', async () => {
    const { faults, pacemaker } = simulated.site;
    faults.cutOff('node-1');
    pacemaker.setDisabled('node-1', 'p_haproxy', true);
    await simulated.pass(10_000);

    expect((await looked()).disabled).toBe(false);
  });

  test('is no matter of ours where a rule keeps it stopped, which enabling does not end', async () => {
    simulated.site.pacemaker.change('node-1', (cib) =>
      cib.change((configuration) => {
        const primitive = descendants(configuration).find(({ attributes }) => attributes['id'] === 'p_haproxy');
        primitive?.children.push(parse(STOPPED_BY_RULE) as Element);
      }),
    );
    const isStopped = simulated.site.pacemaker.disabled;

    expect([isStopped, (await looked()).disabled]).toEqual([true, false]);
  });

  test('is unknown where nobody has quorum', async () => {
    simulated.site.faults.loseQuorum();
    await simulated.pass(10_000);

    await expect(looked()).rejects.toBeInstanceOf(NoQuorum);
  });
});

test.each(['fuel', 'fuel-9', 'centos-7', 'rocky-9', 'ubuntu-24', 'debian'] as const)(
  'HAProxy is seen to be disabled by the programs of %s, of which nothing is known before',
  async (name) => {
    const document = siteOf(name);
    simulated = simulate(document, { generation: generationOf(document) });
    const { pacemaker } = simulated.site;
    const before = (await looked(document)).disabled;
    pacemaker.setDisabled(document.controllers[0].name, document.haproxy.resource, true);
    await simulated.pass(1_000);

    const { disabled, platforms } = await looked(document);

    expect([before, disabled]).toEqual([false, true]);
    expect(platforms[0]?.platform.shell).toBe(name === 'ubuntu-24' ? 'crmsh' : 'pcs');
  },
);
