import { text } from 'node:stream/consumers';
import { hurriedClock } from '../../lab/hurried-clock';
import type { Lab } from '../../lab/lab';
import { deploy } from '../../local/deploy';
import { synthesized } from '../../local/emulator/assembly';

// A process of its own that runs an apply on a lab: a test kills it. It reads of the lab what is needed to reach it, and
// prints each state as it is entered.
async function main(): Promise<void> {
  const site = JSON.parse(await text(process.stdin)) as Pick<Lab, 'document' | 'privateKey' | 'secrets'>;
  const template = await synthesized();
  const deployment = await deploy({ template, site, clock: hurriedClock(60), log: () => undefined });
  const { status, error, cause } = await deployment.start('magnum-ha', {
    input: { site: site.document.name, mode: 'apply' },
    onEvent: ({ stateEnteredEventDetails: entered }) => {
      if (entered?.name !== undefined) console.log(entered.name);
    },
  }).result;
  console.log(`${status} ${error ?? ''} ${cause ?? ''}`);
  await deployment.close();
}

void main();
