import { ALL, lab, labForEach } from './client';
import { PCS_DISABLE } from '../../pcs-disable';

const FRAGMENT = `listen magnum-api
 bind 10.21.22.2:9511
 option  httpchk
 option  httpclose
 server node-1 10.21.22.6:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
 server node-2 10.21.22.5:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
 server node-3 10.21.22.4:9511  check inter 10s fastinter 2s downinter 3s rise 3 fall 3
`;
const RULE = '-s 10.21.22.0/24 -p tcp -m multiport --dports 9511 -j ACCEPT';

labForEach(() => ({ generation: 'fuel-10' }));

/** GET through the VIP: the status, or why no connection came about. */
const vip = async (port = 9511): Promise<number | string> =>
  lab.get('10.21.22.2', port).then(
    ({ status }) => status,
    (error: unknown) => String(error),
  );

/** Does what the guide does on these controllers, but for HAProxy. */
async function configure(hosts: readonly string[]): Promise<void> {
  for (const host of hosts) {
    const controller = lab.site.controllers.get(host);
    if (!controller) throw new Error(host);
    controller.files.seed('/etc/magnum/magnum.conf', `[api]\nhost = ${controller.address}\n`, 0o640, 'root', 'magnum');
    await lab.exec(host, 'service magnum-api restart');
    await lab.exec(host, `iptables -w -I INPUT 5 ${RULE}`);
  }
  await lab.until(() =>
    hosts.every((host) => {
      const address = lab.site.controllers.get(host)?.address ?? '';
      return typeof lab.site.network.probe('10.21.22.5', address, 9511) !== 'string';
    }),
  );
}

async function cycle(): Promise<void> {
  for (const { files } of lab.site.controllers.values()) files.seed('/etc/haproxy/conf.d/180-magnum.cfg', FRAGMENT);
  await lab.run('node-1', PCS_DISABLE);
  await lab.until(
    () =>
      lab.site.network.virtualIpHost === undefined &&
      lab.site.pacemaker.nodes.every(({ state }) => state === 'stopped'),
  );
  await lab.run('node-1', lab.commands.enableHaproxy);
  await lab.until(() => lab.site.network.virtualIpHost !== undefined);
}

test('a site of the Fuel style serves Keystone behind the VIP, and nothing on 9511', async () => {
  expect(await vip(5000)).toBe(300);
  expect(await vip(35357)).toBe(300);
  expect(await vip(10000)).toBe(200);
  expect(await vip(9511)).toBe('ConnectError: Connection refused');
});

test('a fragment counts from the next start of HAProxy on', async () => {
  await configure(ALL);
  for (const { files } of lab.site.controllers.values()) files.seed('/etc/haproxy/conf.d/180-magnum.cfg', FRAGMENT);
  const before = await vip();

  await cycle();

  expect(before).toBe('ConnectError: Connection refused');
  expect(await vip()).toBe(200);
});

test('without a VIP nobody answers', async () => {
  await lab.run('node-1', PCS_DISABLE);
  await lab.until(() => lab.site.network.virtualIpHost === undefined);

  expect(await vip(5000)).toBe('ConnectError: No route to host');
});

test('with no API behind it, HAProxy says so itself', async () => {
  await cycle();

  const { status, body } = await lab.get('10.21.22.2', 9511);

  expect(status).toBe(503);
  expect(body).toBe(
    '<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n',
  );
});

test('an API on 127.0.0.1 or behind a firewall is none', async () => {
  await configure(['node-2']);
  await cycle();

  expect(lab.site.network.probe('10.21.22.6', '10.21.22.6', 9511)).toBe('ECONNREFUSED');
  expect(lab.site.network.probe('10.21.22.6', '10.21.22.4', 9511)).toBe('ETIMEDOUT');
  // The first connection to each dead server is lost; then only the live one is used.
  const answers = [await vip(), await vip(), await vip(), await vip()];
  expect(answers.slice(-2)).toEqual([200, 200]);
});

test('a restarted API is routed to again only after a while', async () => {
  await configure(['node-1']);
  await cycle();
  await lab.until(async () => (await vip()) === 200);

  await lab.exec('node-1', 'service magnum-api restart');
  const down = await vip();
  await lab.until(() => typeof lab.site.network.probe('10.21.22.6', '10.21.22.6', 9511) !== 'string');
  const up = await vip();
  await lab.until(async () => (await vip()) === 200);

  expect([down, up]).toEqual([503, 503]);
});

test('a backend that dies before it answers is a bad gateway', async () => {
  await cycle();
  lab.site.network.listen('node-1', '10.21.22.6', 9511, (connection) => {
    connection.once('data', () => connection.destroy());
  });

  await lab.until(async () => (await vip()) !== 503);

  expect(await vip()).toBe(502);
});
