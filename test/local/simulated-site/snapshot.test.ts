import type { SiteImage } from '../../../local/simulated-site';
import { virtualClock } from '../../../local/virtual-clock';
import { type Lab, startLab } from './client';
import { PCS_DISABLE } from '../../pcs-disable';

const FRAGMENT = `listen magnum-api
 bind 10.21.22.2:9511
 option  httpchk
 option  httpclose
 server node-1 10.21.22.6:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
`;

const labs: Lab[] = [];
afterEach(async () => {
  for (const lab of labs.splice(0)) await lab.close();
});

function start(image?: SiteImage): Lab {
  const lab = startLab(image && { image }, virtualClock(image?.at));
  labs.push(lab);
  return lab;
}

/** A site on which somebody has worked, and which has come to rest. */
async function used(): Promise<Lab> {
  const lab = start();
  const { site, commands: c } = lab;
  await lab.exec('node-1', 'dd of=/etc/magnum/magnum.conf conv=fsync status=none', '[api]\nhost = 10.21.22.6\n');
  await lab.run('node-1', c.restartApi);
  await lab.run('node-1', c.insertRule(3));
  // It keeps what it has read.
  await lab.exec('node-1', 'dd of=/etc/magnum/magnum.conf conv=fsync status=none', '[api]\nhost = 127.0.0.1\n');
  await lab.exec('node-2', 'service magnum-conductor stop');
  await lab.run('node-1', PCS_DISABLE);
  await lab.until(() => site.pacemaker.nodes.every(({ state }) => state === 'stopped'));
  for (const { files } of site.controllers.values()) files.seed('/etc/haproxy/conf.d/180-magnum.cfg', FRAGMENT);
  await lab.run('node-1', c.enableHaproxy);
  await lab.exec('node-1', 'crm_resource --ban -r p_haproxy --node node-3 --lifetime PT10M');
  await lab.pass(100_000);
  return lab;
}

/** All that somebody can see of it. */
async function seen(lab: Lab): Promise<unknown> {
  const { site, commands: c } = lab;
  const found: unknown[] = [];
  for (const host of site.controllers.keys()) {
    for (const command of [c.processes, c.rules, c.clusterStatus, c.files.magnumConf.read, c.magnumConfModified]) {
      found.push(await lab.run(host, command));
    }
    found.push(await lab.exec(host, 'cibadmin -Q'));
  }
  found.push(await lab.get('10.21.22.2', 9511), structuredClone(site.openstack.services), lab.clock.now());
  return found;
}

test('a site that starts from an image is what the other was, and goes on as that does', async () => {
  const one = await used();
  const image = one.site.snapshot();

  const [before, other] = [await seen(one), start(image)];
  const after = await seen(other);
  for (const lab of [one, other]) {
    await lab.run('node-2', lab.commands.deleteRule(1));
    await lab.exec('node-2', 'service magnum-conductor start');
    // The ban ends meanwhile.
    await lab.pass(600_000);
  }

  expect(after).toEqual(before);
  expect(await seen(other)).toEqual(await seen(one));
  expect((await other.get('10.21.22.2', 9511)).status).toBe(200);
  expect(other.site.pacemaker.nodes.map(({ state }) => state)).toEqual(['started', 'started', 'started']);
});

test('the same happens to the same site at the same time, to the last byte', async () => {
  const [one, other] = [await used(), await used()];

  expect(await seen(other)).toEqual(await seen(one));
  expect(other.site.record.entries).toEqual(one.site.record.entries);
});

test('what happens to a site does not happen to its image', async () => {
  const image = (await used()).site.snapshot();
  const untouched = start(image);
  const one = start(image);

  await one.run('node-1', one.commands.deleteRule(1));
  await one.exec('node-1', 'rm -f /etc/magnum/magnum.conf');
  await one.run('node-1', PCS_DISABLE);
  one.site.openstack.clusterTemplates.push({ name: 'x' } as never);
  one.site.openstack.backing.rabbitmq.users.clear();
  await one.pass(1000);
  const other = start(image);

  expect(await seen(other)).toEqual(await seen(untouched));
  expect(other.site.openstack.clusterTemplates).toEqual([]);
  expect(other.site.openstack.backing.rabbitmq.users.size).toBe(1);
});

test.each([
  ['a command is under way', 'A command is under way on node-1', (lab: Lab) => lab.exec('node-1', 'sleep 10')],
  [
    'HAProxy stops',
    'The cluster is not at rest',
    (lab: Lab) => lab.exec('node-1', 'crm_resource --ban -r p_haproxy --node node-1'),
  ],
  ['a service comes up', 'magnum-api has not come up yet', (lab: Lab) => lab.run('node-1', lab.commands.restartApi)],
])('none is taken while %s', async (_what, message, act) => {
  const lab = start();
  const acting = act(lab);
  if (message.startsWith('A command')) await Promise.resolve();
  else await acting;

  expect(() => lab.site.snapshot()).toThrow(message);
  await acting;
});
