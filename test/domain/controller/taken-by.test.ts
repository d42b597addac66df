import { takenBy } from '../../../domain/controller/taken-by';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';

// As `iptables -v -S` of iptables 1.8.9 prints it.
const rules = (logged: number, dropped: number, out: number) =>
  [
    '-P INPUT ACCEPT -c 7 420',
    `-P OUTPUT DROP -c ${out} 100`,
    '-N LOGDROP',
    `-A INPUT -s 10.21.0.0/16 -c ${dropped} 60 -j LOGDROP`,
    `-A LOGDROP -c ${logged} 60 -j LOG`,
    `-A LOGDROP -c ${dropped} 60 -j DROP`,
  ].join('\n');

/** What is told if the counters are these before and after. */
async function told(...readings: readonly [Reply, Reply]) {
  let isSent = false;
  const { node } = await fakeConnection(site('golden'), { answer: () => readings[isSent ? 1 : 0] });
  return takenBy(node, () => Promise.resolve((isSent = true)));
}

test('the rule that took packets meanwhile, in a chain further on', async () => {
  expect(await told(rules(3, 3, 1), rules(5, 5, 9))).toBe(
    'rule 2 of LOGDROP, `-A LOGDROP -j DROP`, took 2 packets meanwhile',
  );
});

test.each<[string, Reply, Reply]>([
  ['none took any', rules(3, 3, 1), rules(3, 3, 1)],
  ['only what leaves the host was taken', rules(3, 3, 1), rules(3, 3, 9)],
  ['the rules changed meanwhile', rules(3, 3, 1), `${rules(5, 5, 1)}\n-A INPUT -c 0 0 -j ACCEPT`],
  ['there is no iptables', { exitCode: 127 }, { exitCode: 127 }],
])('nothing is told if %s', async (_, before, after) => {
  expect(await told(before, after)).toBeUndefined();
});
