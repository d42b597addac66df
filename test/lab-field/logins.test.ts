import { allowedBySudo, deadNameServer, hiddenProcesses, unknownToItself } from '../../lab/seeds/logins';
import type { Site } from '../../domain/site/document';
import { reportOf } from '../workflow/local';
import { type FieldLab, said, startFieldLab } from './lab';
import { NAMES } from './names';

let site: FieldLab;
afterEach(() => site.close());

const asOrdinaryUser = (given: Site): Site => ({ ...given, ssh: { ...given.ssh, user: 'deploy', sudo: true } });

it.each([
  { what: 'logins that wait for a name server that does not answer', variant: deadNameServer },
  { what: 'a sudo that does not find its host', variant: unknownToItself },
])('$what: the whole job is done, and then there is nothing to change', async ({ variant }) => {
  site = await startFieldLab({ variants: [allowedBySudo, variant], change: asOrdinaryUser });

  const first = reportOf(await site.execute('apply'));
  const second = reportOf(await site.execute('apply'));

  expect(first).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(second.outcome).toBe('unchanged');
});

it('an ordinary user who sees his own processes only: refused before anything is touched', async () => {
  site = await startFieldLab({ variants: [allowedBySudo, hiddenProcesses], change: asOrdinaryUser });
  const before = await site.state();

  const { result, vip } = await site.watched('apply');

  const { status, text } = said(result);
  expect(status).toBe('FAILED');
  for (const word of [NAMES.processesHidden, 'hidepid']) expect(text).toContain(word);
  expect(vip.lost).toEqual([]);
  expect(await site.state()).toEqual(before);
});
