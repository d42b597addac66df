import { writeFileSync } from 'node:fs';
import { storedAs } from '../domain/site/bucket';
import { parseSite } from '../domain/site/parse';
import { type Snapshot, snapshotOf } from '../local/rehearsal/snapshot';
import { recordOf } from './audit';
import { type CommonOptions, type Context, EXIT, print } from './context';
import { refuseUnwritable, textAt } from './files';
import type { Verb } from './program';

interface SnapshotOptions extends CommonOptions {
  readonly site: string;
  readonly out: string;
  readonly stack: string;
}

/** `snapshot`: a site as a check found it, for its rehearsal. */
export const snapshot: Verb = (parent, run) => {
  parent
    .command('snapshot <execution>')
    .summary('write what a check saw of a site, to rehearse on that')
    .description(
      "Writes what an execution, as a rule a check, saw of a site: what its controllers' programs are, and which images, " +
        'flavors, networks, keypairs and volume types of its document the cloud has. rehearse --snapshot takes the file. ' +
        'It reads the record of the execution, as audit does: no host is asked, and no secret is read or written.',
    )
    .requiredOption('--site <file>', 'site document, as that execution read it')
    .requiredOption('--out <file>', 'where to write it')
    .option('--stack <name>', 'name of the deployed stack', 'magnum-ha')
    .option('--json', 'print it as JSON, too')
    .addHelpText(
      'after',
      '\nExample:\n  magnum-ha start my-cloud --follow\n' +
        '  magnum-ha snapshot my-cloud-check-20261126T214000Z \\\n    --site sites/my-cloud.json --out snapshot.json\n' +
        '  magnum-ha rehearse --site sites/my-cloud.json \\\n    --snapshot snapshot.json',
    )
    .action(run(take));
};

async function take(context: Context, execution: string, options: SnapshotOptions): Promise<number> {
  const { site: file, out, stack } = options;
  refuseUnwritable(out);
  const text = textAt(file, 'The site document');
  const site = parseSite(file, text, stack);
  const taken = snapshotOf(await recordOf(execution, options), { site, ...storedAs(Buffer.from(text)) });
  writeFileSync(out, `${JSON.stringify(taken, null, 2)}\n`);
  print(context, options, taken, () => told(taken, out));
  return EXIT.done;
}

function told({ site, seenAt, generation, cloud, assumed }: Snapshot, out: string): string {
  const counts = [
    [cloud.images, 'image'],
    [cloud.flavors, 'flavor'],
    [cloud.networks, 'network'],
    [cloud.keypairs, 'keypair'],
    [cloud.volumeTypes, 'volume type'],
  ] as const;
  return [
    `${site} as it was at ${seenAt}: ${counts.map(([all, noun]) => `${all.length} ${noun}${all.length === 1 ? '' : 's'}`).join(', ')}; its controllers are most like ${generation}.`,
    ...assumed.map((one) => `Assumed to be as in the document: ${one}`),
    `Written to ${out}.`,
  ].join('\n');
}
