import { Watch } from '../../../local/search/watch';
import { simulate } from '../../domain/simulated';
import { site } from '../../domain/sites';

test.each(['rolling', 'cycle'] as const)(
  'HAProxy that is down everywhere meanwhile, where update is %s',
  async (update) => {
    const golden = site('golden', ({ haproxy }) => (haproxy.update = update));
    const { site: simulated, clock, pass, end } = simulate(golden);
    await pass(10_000);
    const watch = new Watch(simulated, clock, []);
    watch.state(update === 'rolling' ? 'Roll HAProxy' : 'Disable HAProxy');

    simulated.faults.haproxyDies('node-1');
    await pass(1_000);
    const onOne = [...watch.violations];
    simulated.pacemaker.setDisabled('node-1', golden.haproxy.resource, true);
    await pass(2_000);
    watch.end();
    await end();

    expect(onOne).toEqual([]);
    expect(watch.violations.length > 0).toBe(update === 'rolling');
    for (const one of watch.violations) {
      expect(one).toMatchObject({ invariant: 'I1', what: 'HAProxy is down everywhere while it is rolled' });
    }
  },
);
