import { rpmServices, withRpmNames } from '../../lab/seeds/magnum';
import { reportOf } from '../workflow/local';
import { type FieldLab, startFieldLab } from './lab';

let site: FieldLab;
afterEach(() => site.close());

it('services called openstack-magnum-…, run by python3 -s: the whole job is done, and then there is nothing to change', async () => {
  site = await startFieldLab({ variants: [rpmServices], change: withRpmNames });

  const first = reportOf(await site.execute('apply'));
  const second = reportOf(await site.execute('apply'));

  expect(first).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(first.controllers.map(({ restarted }) => restarted)).not.toContain(null);
  expect(second.outcome).toBe('unchanged');
});
