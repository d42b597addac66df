import type { Node } from '../../../domain/commands/node';
import { watchVip } from '../../../domain/pacemaker/vip-watch';
import type { Site } from '../../../domain/site/document';
import { fakeConnection, silence } from '../fakes';
import { site } from '../sites';

/** Watches the VIP from the first controller. @param answers whether it takes connections now */
async function watched(document: Site, answers: () => boolean) {
  const { node, clock, dialled } = await fakeConnection(document, {
    accept: () => (answers() ? silence() : undefined),
  });
  const pass = (ms: number) => clock.drive(clock.sleep(ms));
  return { began: clock.now(), watch: watchVip(node), pass, dialled };
}

test.each([
  ['http://10.21.22.2:5000/v3', 5000],
  ['https://10.21.22.2/v3', 443],
  ['http://10.21.22.2/identity/v3', 80],
  // Keystone is not behind this HAProxy: Magnum is.
  ['http://192.0.2.1:5000/v3', 9511],
])('with Keystone at %s the VIP is probed on port %d', async (authUrl, port) => {
  const document = site('golden', ({ openstack }) => (openstack.authUrl = authUrl));
  const { watch, pass, dialled } = await watched(document, () => true);

  await pass(10);
  watch.stop();

  expect(dialled).toEqual([`node-1: 10.21.22.2:${port}`]);
});

test('knows the first and the last answer, to some hundredths of a second', async () => {
  let answers = false;
  const { began, watch, pass } = await watched(site('golden'), () => answers);

  await pass(510);
  const none = [watch.firstAnswerAt, watch.lastAnswerAt];
  answers = true;
  await pass(500);
  answers = false;
  await pass(500);
  watch.stop();

  expect(none).toEqual([null, null]);
  expect([Number(watch.firstAnswerAt) - began, Number(watch.lastAnswerAt) - began]).toEqual([520, 1000]);
});

test('counts nothing after it was stopped, nor looks', async () => {
  const { watch, pass, dialled } = await watched(site('golden'), () => true);

  watch.stop();
  await pass(500);

  expect(watch.firstAnswerAt).toBeNull();
  expect(dialled.length).toBeLessThanOrEqual(1);
});

test('closes every connection that it was given', async () => {
  const given: ReturnType<typeof silence>[] = [];
  const { node, clock } = await fakeConnection(site('golden'), {
    accept: () => {
      const stream = silence();
      given.push(stream);
      return stream;
    },
  });

  const watch = watchVip(node);
  await clock.drive(clock.sleep(100));
  watch.stop();

  expect(given.length).toBeGreaterThan(4);
  expect(given.every(({ destroyed }) => destroyed)).toBe(true);
});

test('holds few connections at a time, however long HAProxy takes to stop', async () => {
  const { node, clock } = await fakeConnection(site('golden'));
  let open = 0;
  let most = 0;
  // As the kernel does without a host of that address: ARP is tried for 3 s.
  const tunnel: Node['tunnel'] = async () => {
    most = Math.max(most, ++open);
    await clock.sleep(3_000);
    open--;
    throw new Error('No route to host');
  };

  const watch = watchVip({ ...node, tunnel });
  await clock.drive(clock.sleep(100_000));
  watch.stop();

  expect(most).toBeLessThan(10);
});

test('a VIP that comes back on the controller which watches is seen within half a second, though no look under way is answered', async () => {
  const { node, clock } = await fakeConnection(site('golden'));
  const began = clock.now();
  const backAt = began + 700;
  const tunnel: Node['tunnel'] = async () => {
    if (clock.now() >= backAt) return silence();
    // A socket keeps the way that was chosen for it: off this host, where nobody has the address any more.
    await clock.sleep(3_000);
    throw new Error('No route to host');
  };

  const watch = watchVip({ ...node, tunnel });
  await clock.drive(clock.sleep(4_000));
  watch.stop();

  expect(Number(watch.firstAnswerAt) - backAt).toBeLessThanOrEqual(500);
});
