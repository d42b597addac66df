import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../lab/prober';
import type { Site } from '../../domain/site/document';
import { document, outageOf, reportOf } from '../workflow/local';
import { type FaultyLab, startFaultyLab } from './lab';

// The ways of haproxy.update that are not a cycle, seen from outside by a prober.

/** Somebody connects to the VIP so often, in milliseconds, and so many times at least. */
const EVERY_MS = 4;
const CONNECTIONS = 5_000;
/** And so often somebody sends a request to Keystone, which takes its time on a busy machine. */
const REQUEST_MS = 50;

const golden: Site = { ...document('golden'), clusterTemplates: [], clusters: [] };
const updated = (update: Site['haproxy']['update']): Site => ({ ...golden, haproxy: { ...golden.haproxy, update } });

let site: FaultyLab;
beforeAll(async () => {
  site = await startFaultyLab({ document: updated('reload') });
});
afterAll(() => site.close());

const each = (script: string) => Promise.all(site.controllers.map((name) => site.bash(name, script)));

/** A session with the database behind the VIP, from the bastion's side of it. @returns whether it still stands, and what ends it */
async function session(): Promise<() => Promise<boolean>> {
  const [marker, alive] = ['/run/lab-session', '/run/lab-session-alive'];
  // The greeting proves that it reached the database; that a read finds nothing for a while, that nobody has closed it.
  const script =
    `exec 3<> /dev/tcp/${golden.virtualIp}/3306; head -c 5 <&3 | grep -q . && touch ${marker}; ` +
    `while [ -e ${marker} ]; do sleep 0.1; done; cat <&3 > /dev/null & sleep 1; kill $! && touch ${alive}`;
  const running = site.bash('bastion', script);
  await site.bash('bastion', `for _ in $(seq 100); do [ -e ${marker} ] && exit; sleep 0.05; done; exit 1`);
  return async () => {
    await site.bash('bastion', `rm -f ${marker}`);
    await running.catch(() => undefined);
    return (await site.lab.exec('bastion', ['test', '-e', alive])).exitCode === 0;
  };
}

it('reload: no connection is refused, no request fails, no session breaks, and pacemaker stops and starts the new processes', async () => {
  const before = await each('pgrep -xo haproxy');
  const stands = await session();
  const [end, endRequests] = await Promise.all([
    probe(site.lab, { everyMs: EVERY_MS }),
    probe(site.lab, { path: '/', everyMs: REQUEST_MS }),
  ]);
  const began = Date.now();

  const first = reportOf(await site.apply());
  const after = await each('cat /run/haproxy.pid');
  await site.drift('fragment');
  const again = reportOf(await site.apply());
  await sleep(Math.max(0, began + CONNECTIONS * EVERY_MS - Date.now()));

  const [seen, requests] = await Promise.all([end(), endRequests()]);
  const sessionStands = await stands();
  await site.learn();
  expect([first, again]).toMatchObject(
    Array(2).fill({ outcome: 'changed', haproxyUpdate: 'reload', outageMs: 0, verification: { healthy: true } }),
  );
  expect(seen.answers).toBeGreaterThan(CONNECTIONS * 0.9);
  expect(seen.lost).toEqual([]);
  // Keystone may be slow: that is no failure.
  expect(requests.lost.filter(({ outcome }) => outcome !== 'silence')).toEqual([]);
  expect(requests.answers).toBeGreaterThan(100);
  expect(sessionStands).toBe(true);
  expect(after.some((pid, at) => pid === before[at])).toBe(false);
  expect(await site.wrongHaproxy(site.controllers)).toEqual([]);

  // The same pacemaker cycles what was reloaded.
  await site.drift('fragment');
  const own = site.lab.document;
  const cycled = reportOf(await site.apply([], { ...own, haproxy: { ...own.haproxy, update: 'cycle' } }));

  expect(outageOf(cycled)).toBeGreaterThan(0);
  expect(await site.wrongHaproxy(site.controllers)).toEqual([]);
  expect(await each('pgrep -xc haproxy')).toEqual(site.controllers.map(() => '1\n'));
});

/** Notes on a controller, every few milliseconds, when no haproxy runs there. @returns what ends that, with the first and the last time */
async function downOn(name: string): Promise<() => Promise<{ from: number; to: number }>> {
  const marker = '/run/lab-watch';
  const script = `touch ${marker}; while [ -e ${marker} ]; do pgrep -x haproxy > /dev/null || date +%s%3N; sleep 0.02; done`;
  const watching = site.bash(name, script);
  await site.bash(name, `for _ in $(seq 100); do [ -e ${marker} ] && exit; sleep 0.05; done; exit 1`);
  return async () => {
    await site.bash(name, `rm -f ${marker}`);
    const times = (await watching).trim().split('\n').map(Number);
    return { from: Math.min(...times), to: Math.max(...times) };
  };
}

it('rolling: it is down on one controller at a time, the VIP moves once, the controllers themselves answer, and no constraint is left', async () => {
  const constraints = () => each("cibadmin -Q -o constraints | grep -v '^<?xml'");
  const before = await constraints();
  const [end, ...ends] = await Promise.all([
    probe(site.lab, { everyMs: EVERY_MS }),
    // Each controller's own Keystone, as HAProxy on the others reaches it.
    ...golden.controllers.map(({ address }) => probe(site.lab, { host: address, path: '/', everyMs: REQUEST_MS })),
  ]);
  await site.drift('fragment');
  const watches = await Promise.all(site.controllers.map(downOn));

  const own = site.lab.document;

  const report = reportOf(await site.apply([], { ...own, haproxy: { ...own.haproxy, update: 'rolling' } }));

  const down = (await Promise.all(watches.map((ended) => ended()))).sort((one, other) => one.from - other.from);
  const seen = await end();
  const requests = await Promise.all(ends.map((one) => one()));
  await site.learn();
  console.log(
    `rolling: the VIP did not answer for ${seen.longestMs} ms, as reported ${String(report.outageMs)} ms; ` +
      `lost ${seen.lost.length} of ${seen.answers + seen.lost.length} connections; down on each for ` +
      `${down.map(({ from, to }) => to - from).join(', ')} ms`,
  );
  expect(report).toMatchObject({ outcome: 'changed', haproxyUpdate: 'rolling', verification: { healthy: true } });
  expect(seen.outages.length).toBeLessThanOrEqual(1);
  expect(Math.abs((outageOf(report) ?? NaN) - seen.longestMs)).toBeLessThan(500);
  // On each, and nowhere before it is up again where it was down before.
  expect(down.every(({ from, to }) => to > from)).toBe(true);
  expect(down.slice(1).every(({ from }, at) => from > (down[at]?.to ?? NaN))).toBe(true);
  expect(requests.map(({ lost }) => lost.filter(({ outcome }) => outcome !== 'silence'))).toEqual([[], [], []]);
  expect(await constraints()).toEqual(before);
  expect(await site.wrongHaproxy(site.controllers)).toEqual([]);
});
