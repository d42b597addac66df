import { restart } from '../../../domain/controller/restart';
import { connection } from '../../../local/simulated-site/duplex-pair';
import { serveHttp } from '../../../local/simulated-site/http-server';
import { virtualClock } from '../../../local/virtual-clock';
import { fakeConnection } from '../fakes';
import { processes } from '../processes';
import { site } from '../sites';

const SERVICES = ['magnum-api', 'magnum-conductor'];

/**
 * Restarts Magnum's services on a controller.
 *
 * @param age of a service's oldest process after so many seconds; undefined if it does not run
 * @param answers whether the API answers after so many seconds
 */
async function restarting(
  age: (service: string, seconds: number) => number | undefined,
  answers: (seconds: number) => boolean = () => false,
  { afterRollBack = false } = {},
) {
  const clock = virtualClock();
  const began = clock.now();
  const { node, ran } = await fakeConnection(
    site('golden'),
    {
      answer: (_controller, { argv: [program] }) => {
        const elapsed = Math.floor((clock.now() - began) / 1000);
        if (program === 'date') return '1893456000\n';
        if (program !== 'ps') return undefined;
        return processes(
          SERVICES.flatMap((one) => {
            const seconds = age(one, elapsed);
            return seconds === undefined ? [] : [`${seconds} python3 /usr/bin/${one}`];
          }),
        );
      },
      accept: () => {
        if (!answers((clock.now() - began) / 1000)) return undefined;
        const { near, far } = connection();
        serveHttp(far, (_, response) => response.end('{"versions":[]}'));
        return near;
      },
    },
    { clock },
  );
  const [result] = await Promise.allSettled([clock.drive(restart(node, { afterRollBack }))]);
  return { result, ran, seconds: (clock.now() - began) / 1000 };
}

test('is done when both run anew and the API answers; since when is by the clock of the controller', async () => {
  const { result } = await restarting(
    (_, elapsed) => elapsed,
    (seconds) => seconds >= 1.5,
  );

  expect(result).toEqual({
    status: 'fulfilled',
    value: { controller: 'node-1', services: SERVICES, restartedAt: 1_893_456_000, seconds: 1.6 },
  });
});

test.each(SERVICES)('a %s that its init script left as it was counts as not restarted', async (service) => {
  const { result, seconds } = await restarting((one, elapsed) => elapsed + (one === service ? 3600 : 0));

  const message = expect.stringContaining(
    `on node-1 of site golden: a process of ${service} from before still runs`,
  ) as string;
  expect(result).toMatchObject({ reason: { name: 'MagnumServiceDown', message } });
  expect(seconds).toBe(90);
});

test('a conductor that does not come up is told, and where its log is', async () => {
  const { result } = await restarting((one, elapsed) => (one === 'magnum-api' ? elapsed : undefined));

  const message = expect.stringMatching(/magnum-conductor does not run.*\/var\/log\/magnum/) as string;
  expect(result).toMatchObject({ reason: { name: 'MagnumServiceDown', message } });
});

test('an API that does not answer though its process runs is told, with why', async () => {
  const { result } = await restarting((_, elapsed) => elapsed);

  const message = expect.stringContaining(
    'the API of golden on 10.21.22.6:9511 does not answer: connect ECONNREFUSED 10.21.22.6:9511',
  ) as string;
  expect(result).toMatchObject({ reason: { name: 'MagnumServiceDown', message } });
});

test('the API restarts before the conductor', async () => {
  const { ran } = await restarting((_, elapsed) => elapsed);

  expect(ran.slice(0, 3)).toEqual([
    'node-1: date +%s',
    'node-1: service magnum-api restart',
    'node-1: service magnum-conductor restart',
  ]);
});

test('after a roll-back an API need not answer, because it may not have done so before: Verify tells', async () => {
  const { result, seconds } = await restarting((_, elapsed) => elapsed, undefined, { afterRollBack: true });

  expect(result).toMatchObject({ status: 'fulfilled' });
  expect(seconds).toBeCloseTo(15, 0);
});

test('after a roll-back, too, both must run', async () => {
  const age = (one: string, elapsed: number) => (one === 'magnum-api' ? elapsed : undefined);

  const { result, seconds } = await restarting(age, undefined, { afterRollBack: true });

  expect(result).toMatchObject({ reason: { name: 'MagnumServiceDown' } });
  expect(seconds).toBe(90);
});
