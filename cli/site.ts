import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsOutput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { DOCUMENT_KEYS, documentsIn } from '../domain/site/bucket';
import { DEFAULT_STACK } from '../domain/site/secret-names';
import { nearest } from '../domain/site/suggestion';
import { withDocuments } from './aws';
import { type CommonOptions, EXIT, print, styleFor, UsageError } from './context';
import type { Verb } from './program';
import { put } from './site-put';

interface SiteOptions extends CommonOptions {
  readonly stack: string;
}

interface GetOptions extends SiteOptions {
  readonly versionId?: string;
}

/** `site`: the site documents of a deployed stack. */
export const site: Verb = (parent, run) => {
  const verb = parent
    .command('site')
    .description('Looks after the site documents of a deployed stack. Each change makes a new version.');
  const command = (name: string, summary: string) =>
    verb
      .command(name)
      .summary(summary)
      .option('--stack <name>', 'name of the deployed stack', DEFAULT_STACK)
      .option('--json', 'print JSON');

  command('put <file...>', 'put documents, JSON or YAML, and show what changes')
    .description(
      'Puts site documents, JSON or YAML, and shows the difference to what is there. None is put unless all are right and their ' +
        'secrets are in SSM, encrypted.',
    )
    .option('--plain', 'no colour')
    .addHelpText('after', '\nExample:\n  magnum-ha site put sites/my-cloud.yaml')
    .action(run(put));

  command('get <name>', 'print a document')
    .description('Prints a document as it was put.')
    .option('--version-id <id>', 'in this version (default: the newest)')
    .addHelpText('after', '\nExample:\n  magnum-ha site get golden > golden.json')
    .action(
      run((context, name: string, options: GetOptions) =>
        withDocuments(options.stack, async (client, bucket) => {
          const documents = documentsIn(client, { bucket, stack: options.stack });
          const found = await documents.read(name, options.versionId);
          if (!found) throw unknown(name, await documents.names(), options.versionId);
          if (options.json) print(context, options, { site: name, ...found }, () => '');
          else context.out.write(found.text);
          return EXIT.done;
        }),
      ),
    );

  command('list', 'list the sites')
    .description('Lists the sites, each with when its document was last put, and how large it is.')
    .addHelpText('after', '\nExample:\n  magnum-ha site list --stack eu')
    .action(
      run((context, options: SiteOptions) =>
        withDocuments(options.stack, async (client, bucket) => {
          const sites = await listed(client, bucket);
          print(context, options, sites, () =>
            sites.length === 0
              ? 'No site. Put its document: magnum-ha site put FILE'
              : sites.map(({ site: name, at, bytes }) => `${at}  ${sized(bytes)}  ${name}`).join('\n'),
          );
          return EXIT.done;
        }),
      ),
    );

  command('history <name>', 'list the versions of a document, the newest first')
    .option('--plain', 'no colour')
    .addHelpText('after', '\nExample:\n  magnum-ha site history golden')
    .action(
      run((context, name: string, options: SiteOptions) =>
        withDocuments(options.stack, async (client, bucket) => {
          const versions = await versionsOf(client, bucket, name);
          if (versions.length === 0)
            throw unknown(
              name,
              (await listed(client, bucket)).map((one) => one.site),
            );
          const paint = styleFor(context, options);
          print(context, options, versions, () =>
            versions
              .map(({ at, version, bytes }) =>
                bytes === null ? `${at}  ${paint('red', 'removed')}` : `${at}  ${sized(bytes)}  ${version}`,
              )
              .join('\n'),
          );
          return EXIT.done;
        }),
      ),
    );

  command('remove <name>', 'remove a document; its versions stay')
    .description('Removes a site: nothing is started for it any more. Its versions stay.')
    .addHelpText('after', '\nExample:\n  magnum-ha site remove golden')
    .action(
      run((context, name: string, options: SiteOptions) =>
        withDocuments(options.stack, async (client, bucket) => {
          const documents = documentsIn(client, { bucket, stack: options.stack });
          const last = await documents.read(name);
          if (!last) throw unknown(name, await documents.names());
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: `${DOCUMENT_KEYS}${name}` }));
          print(
            context,
            options,
            { site: name, version: last.version },
            () =>
              `${name}: removed. To bring it back: magnum-ha site get ${name} --version-id ${last.version} > FILE, then site put FILE`,
          );
          return EXIT.done;
        }),
      ),
    );
};

function unknown(name: string, names: readonly string[], version?: string): UsageError {
  const meant = nearest(name, names);
  const known = names.length === 0 ? 'There is none.' : `There are: ${names.join(', ')}.`;
  return new UsageError(
    version !== undefined && names.includes(name)
      ? `Site ${name} has no version ${version}. See them: magnum-ha site history ${name}`
      : `There is no document of site ${name}. ${meant === undefined ? known : `Did you mean ${meant}?`}`,
  );
}

async function listed(client: S3Client, Bucket: string) {
  const sites: { site: string; at: string; bytes: number }[] = [];
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket, Prefix: DOCUMENT_KEYS })) {
    for (const { Key = '', LastModified, Size = 0 } of Contents) {
      sites.push({ site: Key.slice(DOCUMENT_KEYS.length), at: timeOf(LastModified), bytes: Size });
    }
  }
  return sites;
}

/** The newest first; `bytes` is null where the document was removed. */
async function versionsOf(client: S3Client, Bucket: string, name: string) {
  const Key = `${DOCUMENT_KEYS}${name}`;
  const versions: { version: string; at: string; bytes: number | null; newest: boolean }[] = [];
  let page: ListObjectVersionsOutput = {};
  do {
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key, KeyMarker, VersionIdMarker }));
    const of = [
      ...(page.Versions ?? []).map((one) => ({ ...one, bytes: one.Size ?? 0 })),
      ...(page.DeleteMarkers ?? []).map((one) => ({ ...one, bytes: null })),
    ];
    for (const { VersionId = '', LastModified, IsLatest: newest = false, bytes, ...one } of of) {
      if (one.Key === Key) versions.push({ version: VersionId, at: timeOf(LastModified), bytes, newest });
    }
  } while (page.IsTruncated);
  // S3 tells times in whole seconds.
  return versions.sort((one, other) => other.at.localeCompare(one.at) || Number(other.newest) - Number(one.newest));
}

function timeOf(date: Date | undefined): string {
  return date?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '';
}

function sized(bytes: number): string {
  return `${String(bytes).padStart(7)} bytes`;
}
