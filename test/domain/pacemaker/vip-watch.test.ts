import type { Site } from '../../../domain/site/document';
import { watchVip } from '../../../domain/pacemaker/vip-watch';
import { node1, site } from '../sites';
import { fakeSession } from '../fake-session';

beforeEach(() => {
  jest.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  jest.useRealTimers();
});

async function watched(document: Site, listens: () => boolean) {
  const { session, probed } = fakeSession({ answer: () => undefined, listens });
  return { watch: watchVip(await session.controller(node1(document)), document), probed };
}

test.each([
  ['http://10.21.22.2:5000/v3', 5000],
  ['https://10.21.22.2/v3', 443],
  ['http://10.21.22.2/identity/v3', 80],
  // Keystone is not behind this HAProxy: Magnum is.
  ['http://192.0.2.1:5000/v3', 9511],
])('with Keystone at %s the VIP is probed on port %d', async (authUrl, port) => {
  const document = site('golden', ({ openstack }) => (openstack.authUrl = authUrl));

  const { watch, probed } = await watched(document, () => true);
  watch.stop();

  expect(probed).toEqual([`node-1: 10.21.22.2:${port}`]);
});

test('knows the first and the last answer, to some hundredths of a second', async () => {
  let answers = false;
  const { watch } = await watched(site('golden'), () => answers);

  await jest.advanceTimersByTimeAsync(500);
  const none = [watch.firstAnswerAt, watch.lastAnswerAt];
  answers = true;
  await jest.advanceTimersByTimeAsync(500);
  answers = false;
  await jest.advanceTimersByTimeAsync(500);
  watch.stop();

  expect(none).toEqual([null, null]);
  expect(watch.firstAnswerAt).toBe(1_000_520);
  expect(watch.lastAnswerAt).toBe(1_001_000);
});

test('counts nothing after it was stopped', async () => {
  const { watch, probed } = await watched(site('golden'), () => true);

  watch.stop();
  await jest.advanceTimersByTimeAsync(500);

  expect(watch.firstAnswerAt).toBeNull();
  expect(probed).toHaveLength(1);
});
