import { allowedBySudo, deadNameServer, hiddenProcesses, unknownToItself } from '../../lab/seeds/logins';
import type { Site } from '../../domain/site/document';
import { reportOf } from '../workflow/local';
import { type FieldLab, startFieldLab } from './lab';

// Good sites, on which the whole job is to be done.

let site: FieldLab;
afterEach(() => site.close());

const asOrdinaryUser = (given: Site): Site => ({ ...given, ssh: { ...given.ssh, user: 'deploy', sudo: true } });

it.each([
  { what: 'an ordinary user who sees his own processes only', variant: hiddenProcesses },
  { what: 'logins that wait for a name server that does not answer', variant: deadNameServer },
  { what: 'a sudo that does not find its host', variant: unknownToItself },
])('$what: the whole job is done, and then there is nothing to change', async ({ variant }) => {
  site = await startFieldLab({ variants: [allowedBySudo, variant], change: asOrdinaryUser });

  const first = reportOf(await site.execute('apply'));
  const second = reportOf(await site.execute('apply'));

  expect(first).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(second.outcome).toBe('unchanged');
});
