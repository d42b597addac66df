import { haproxyOn, servingHaproxyOn } from '../../../domain/commands/whose-processes';
import { fakeConnection } from '../fakes';
import { processes } from '../processes';
import { site } from '../sites';

const HAPROXY = '/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d';
const SS = 'LISTEN 0 128 10.21.22.2:5000 0.0.0.0:* users:(("haproxy",pid=101,fd=5))\n';

/** A controller on which two processes of HAProxy look alike, and no PID file tells which of them serves. */
const alike = (sockets: string | { exitCode: number }) =>
  fakeConnection(site('golden'), {
    answer: (_, { argv }) =>
      ({ ps: processes([`300 ${HAPROXY}`, `300 ${HAPROXY}`]), ss: sockets, cat: { exitCode: 1 } })[argv[0] ?? ''],
  });
const pids = (all: readonly { readonly pid: number }[]) => all.map(({ pid }) => pid);

test('while HAProxy serves, what does not listen was left by a reload', async () => {
  const { node } = await alike(SS);

  const { haproxy } = await servingHaproxyOn(node);

  expect([pids(haproxy.serving), pids(haproxy.leftovers)]).toEqual([[101], [100]]);
});

test('while it stops or starts, what does not listen counts', async () => {
  const { node } = await alike(SS);

  const { haproxy } = await haproxyOn(node);

  expect([pids(haproxy.serving), pids(haproxy.leftovers)]).toEqual([[100, 101], []]);
});

test('an ss that fails says nothing', async () => {
  const { node } = await alike({ exitCode: 255 });

  const { haproxy } = await servingHaproxyOn(node);

  expect(pids(haproxy.serving)).toEqual([100, 101]);
});
