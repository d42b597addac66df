import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hurriedClock } from '../lab/hurried-clock';
import type { Report } from '../domain/report/report';
import { labEnvironment } from '../lab/enter';
import { type Lab, startLab } from '../lab/lab';
import { probe } from '../lab/prober';
import { synthesized } from '../local/emulator/assembly';
import type { Deployment } from '../local/emulator/aws/deployment';
import { siteAt } from '../cli/files';
import type { Site } from '../domain/site/document';
import { deploy, putDocument } from '../local/deploy';
import { median, table } from './figures';

/** The ways of `haproxy.update` by which the VIP falls silent. */
const WAYS = ['cycle', 'rolling'] as const satisfies readonly Site['haproxy']['update'][];

/** Runs of each kind, in turn. */
const PAIRS = Number(process.argv[2] ?? 10);

/** What an operator who knows pacemaker well runs on a controller. */
const BY_HAND = `
running() { crm_mon -1 -r --output-as=xml | grep -c "<resource id=\\"$1\\".*role=\\"Started\\" active=\\"true\\""; }
pcs resource disable "$1"
until [ "$(running "$1")" = 0 ]; do sleep 0.05; done
pcs resource enable "$1"
until [ "$(running "$1")" = "$2" ]; do sleep 0.05; done
`;

/**
 * Compares how long the VIP does not answer: while the workflow cycles HAProxy, or rolls it, and while it is cycled by hand on a
 * controller. All are watched by the same prober.
 */
async function main(): Promise<void> {
  const document = siteAt(join(__dirname, '..', 'sites', 'golden.json'));
  const lab = await startLab({ document, ...labEnvironment(), speed: 60 });
  const template = await synthesized();
  const deployment = await deploy({ template, site: lab, clock: hurriedClock(60), log: () => undefined });
  try {
    await execute(lab, deployment);
    const rows: Record<(typeof WAYS)[number] | 'byHand', Measured>[] = [];
    for (let pair = 1; pair <= PAIRS; pair++) {
      const [cycle, rolling] = [await updated(lab, deployment, 'cycle'), await updated(lab, deployment, 'rolling')];
      const byHand = await outage(lab, async () => {
        const argv = ['bash', '-c', BY_HAND, 'bash', document.haproxy.resource, String(document.controllers.length)];
        const { exitCode, stderr } = await lab.exec('node-1', argv);
        if (exitCode !== 0) throw new Error(stderr);
      });
      rows.push({ cycle, rolling, byHand: { seen: byHand, reported: byHand } });
      const told = WAYS.map((way, at) => `${way} ${[cycle, rolling][at]?.seen ?? NaN} ms`).join(', ');
      console.error(`round ${pair} of ${PAIRS}: ${told}, by hand ${byHand} ms`);
    }
    const of = (way: keyof (typeof rows)[number], key: keyof Measured) => median(rows.map((row) => row[way][key]));
    const byHand = of('byHand', 'seen');
    console.log(
      table([
        ['outage, median of ' + String(PAIRS), 'ms', 'ratio'],
        ['by hand on a controller', byHand, 1],
        ...WAYS.flatMap((way) => [
          [way, of(way, 'seen'), of(way, 'seen') / byHand],
          [`${way}, as its report says`, of(way, 'reported'), of(way, 'reported') / byHand],
          [
            `${way}, greatest difference of report and prober`,
            Math.max(...rows.map((row) => Math.abs(row[way].reported - row[way].seen))),
            '',
          ],
        ]),
      ]),
    );
  } finally {
    await deployment.close();
    await lab.stop();
  }
}

/** An outage in milliseconds, as a prober saw it, and as the report tells it. */
interface Measured {
  readonly seen: number;
  readonly reported: number;
}

/** What has to be updated is what is left of a fragment that somebody took away. */
async function updated(lab: Lab, deployment: Deployment, update: (typeof WAYS)[number]): Promise<Measured> {
  const { document } = lab;
  putDocument(deployment, document.name, { ...document, haproxy: { ...document.haproxy, update } });
  for (const { name } of document.controllers) await lab.exec(name, ['rm', '/etc/haproxy/conf.d/180-magnum.cfg']);
  let reported = NaN;
  const seen = await outage(lab, async () => {
    const { outageMs, outageBoundsMs } = await execute(lab, deployment);
    reported = outageMs ?? outageBoundsMs?.atMost ?? NaN;
  });
  return { seen, reported };
}

async function execute(lab: Lab, deployment: Deployment): Promise<Report> {
  const result = await deployment.start('magnum-ha', { input: { site: lab.document.name, mode: 'apply' } }).result;
  if (result.status !== 'SUCCEEDED') throw new Error(`${result.error}: ${result.cause}`);
  return result.output as Report;
}

/** The longest time without an answer of the VIP, in milliseconds, while something is done. */
async function outage(lab: Lab, action: () => Promise<void>): Promise<number> {
  const end = await probe(lab);
  await action();
  await lab.settled();
  await sleep(200);
  return (await end()).longestMs;
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
