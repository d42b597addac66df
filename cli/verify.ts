import { pageKeyOf, RECORD_FILE } from '../domain/audit/record';
import { type ArchiveVerification, type SiteRecords, verifyArchive, verifyRecord } from '../domain/audit/verification';
import { count } from '../domain/audit/verdict';
import { withArchive } from './archive-files';
import { type CommonOptions, EXIT, print, styleFor, UsageError } from './context';
import type { Verb } from './program';
import type { Style } from './style';

/** `verify`: whether records are as they were written, and all there. */
export const verify: Verb = (parent, run) => {
  parent
    .command('verify <archive>')
    .summary('tell which records were altered, are missing, were added')
    .description(
      'Reads records and tells which were altered, are missing, were added, or are out of order: all in a bucket, all in ' +
        'a copy of one, or a single one. A copy is verified without AWS. Note the digest of the last record: it stands for ' +
        'all before.',
    )
    .option('--plain', 'no colour')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  magnum-ha verify s3://BUCKET\n  aws s3 sync s3://BUCKET copy && magnum-ha verify copy\n' +
        '  magnum-ha verify copy/records/golden/20261127T050427.123Z-nightly/record.json',
    )
    .action(
      run(async (context, archive: string, options: CommonOptions) => {
        const found = await verified(archive, context.clock.now());
        print(context, options, found, () => verificationText(found, styleFor(context, options)));
        return found.problems.length === 0 ? EXIT.done : EXIT.failed;
      }),
    );
};

/** @throws UsageError, AwsUnavailable */
function verified(archive: string, now: number): Promise<ArchiveVerification> {
  return withArchive(archive, async ({ path, files }) => {
    if (path.endsWith(`/${RECORD_FILE}`)) {
      const texts = new Map<string, string>();
      for await (const one of files(path.slice(0, -RECORD_FILE.length))) texts.set(one.path, one.text);
      const record = texts.get(path);
      if (record !== undefined) return verifyRecord(path, record, texts.get(pageKeyOf(path)));
    } else {
      const found = await verifyArchive(files(path), now);
      if (found.sites.length > 0) return found;
    }
    throw new UsageError(
      `There is no record in ${archive}. Name a bucket (s3://BUCKET), a copy of one, or a ${RECORD_FILE} in either.`,
    );
  });
}

function verificationText({ problems, sites }: ArchiveVerification, style: Style): string {
  return [
    ...problems.map(({ kind, file, detail }) => `${style('red', kind)} ${file}\n  ${detail}`),
    ...sites.map((one) => siteText(one)),
    problems.length === 0
      ? style('green', 'All is as it was written.')
      : style('red', `${count(problems.length, 'thing')} that ${problems.length === 1 ? 'is' : 'are'} not as written.`),
  ].join('\n');
}

function siteText({ site, records, numbers, sha256, hasHead }: SiteRecords): string {
  const which = numbers ? `, number ${numbers[0]} to ${numbers[1]}` : '';
  const end = hasHead ? '' : ' Its head is not here: whether more follow cannot be told.';
  return `${site}: ${count(records, 'record')}${which}. Digest of the last: ${sha256 ?? 'none'}.${end}`;
}
