import { firewalld, ufw } from '../../lab/seeds/firewalls';
import { type FieldLab, said, startFieldLab } from './lab';
import { NAMES } from './names';

// Whoever owns the rules would overwrite Magnum's, and a file of persistent rules beside it would freeze his. The remedy is a
// command of the owner's, and never a package that removes him.

let site: FieldLab;
afterEach(() => site.close());

it.each([
  { owner: 'ufw', variant: ufw, active: 'ufw status | grep -qx "Status: active"' },
  { owner: 'firewalld', variant: firewalld, active: 'firewall-cmd --state 2>&1 | grep -qx running' },
])('$owner owns the firewall: refused before anything is touched, with its own command as remedy', async (given) => {
  const { owner, variant, active } = given;
  site = await startFieldLab({ variants: [variant] });
  for (const name of site.controllers) await site.bash(name, active);
  const before = await site.state();

  const { result, vip } = await site.watched('apply');

  const { status, text } = said(result);
  expect(status).toBe('FAILED');
  expect(text).toContain(NAMES.firewallOwned);
  expect(text).toContain(owner === 'ufw' ? 'ufw allow' : 'firewall-cmd');
  expect(text).not.toContain('iptables-persistent');
  expect(vip.lost).toEqual([]);
  expect(await site.state()).toEqual(before);
});
