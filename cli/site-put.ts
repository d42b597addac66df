import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { structuredPatch } from 'diff';
import { documentFindings } from '../domain/findings/document';
import type { Finding } from '../domain/findings/finding';
import { allSecretNames } from '../domain/secrets/references';
import { secretsIn } from '../domain/secrets/ssm';
import { DOCUMENT_KEYS, documentsIn, refuseTooLong, storedAs } from '../domain/site/bucket';
import type { Site } from '../domain/site/document';
import { parseSite } from '../domain/site/parse';
import { readText } from '../domain/site/text';
import type { StoredDocument } from '../domain/world';
import { withDocuments, withSsm } from './aws';
import { type CommonOptions, type Context, EXIT, print, styleFor, UsageError } from './context';
import { textAt } from './files';
import type { Style } from './style';

interface PutOptions extends CommonOptions {
  readonly stack: string;
}

/** A document that is right, as it lies in its file. */
interface Given {
  readonly file: string;
  readonly text: string;
  readonly site: Site;
}

/** What came of one. */
interface Put {
  readonly site: string;
  readonly outcome: 'added' | 'changed' | 'unchanged';
  readonly version: string;
  readonly sha256: string;
  /** Lines of a unified diff of what the documents say, as JSON: comments and order of YAML are not compared. */
  readonly difference: readonly string[];
  readonly findings: readonly Finding[];
}

/** `site put`: none is put unless all are right and their secrets are there. */
export async function put(context: Context, files: string[], options: PutOptions): Promise<number> {
  const { stack } = options;
  const all = files.map((file) => given(file, stack));
  const twice = all.find(({ site }, index) => all.findIndex((one) => one.site.name === site.name) < index);
  if (twice) throw new UsageError(`${twice.file} is the second document of site ${twice.site.name}. Leave one out.`);
  await withSsm((client) => secretsIn(client).check(all.flatMap(({ site }) => allSecretNames(site))));
  const results = await withDocuments(stack, async (client, bucket) => {
    const documents = documentsIn(client, { bucket, stack });
    const done: Put[] = [];
    for (const one of all) done.push(await putOne(client, bucket, one, await documents.read(one.site.name)));
    return done;
  });
  const paint = styleFor(context, options);
  print(context, options, results, () => results.flatMap((one) => lines(one, paint)).join('\n'));
  return EXIT.done;
}

/** @throws UsageError, SiteDocumentTooLong, SiteDocumentInvalid */
function given(file: string, stack: string): Given {
  const text = textAt(file, 'The site document');
  const site = parseSite(file, text, stack);
  refuseTooLong(site.name, Buffer.byteLength(text));
  return { file, text, site };
}

/** @throws UsageError if somebody else has put it meanwhile */
async function putOne(client: S3Client, Bucket: string, { text, site }: Given, there?: StoredDocument): Promise<Put> {
  const bytes = Buffer.from(text);
  const { sha256 } = storedAs(bytes);
  const findings = documentFindings(site);
  const difference = there ? differenceOf(there.text, text) : [];
  if (there?.sha256 === sha256) {
    return { site: site.name, outcome: 'unchanged', version: there.version, sha256, difference, findings };
  }
  try {
    const { VersionId: version = '' } = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: `${DOCUMENT_KEYS}${site.name}`,
        Body: bytes,
        ContentType: text.trimStart().startsWith('{') ? 'application/json' : 'application/yaml',
        ...(there ? { IfMatch: there.etag } : { IfNoneMatch: '*' }),
      }),
    );
    return { site: site.name, outcome: there ? 'changed' : 'added', version, sha256, difference, findings };
  } catch (error) {
    if (!(error instanceof Error) || !MEANWHILE.includes(error.name)) throw error;
    throw new UsageError(
      `Somebody else has changed the document of site ${site.name} meanwhile. Look at it (magnum-ha site get ${site.name}), and put ` +
        `yours again. It was not put.`,
    );
  }
}

const MEANWHILE: readonly string[] = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'];

function differenceOf(before: string, after: string): string[] {
  const [old, wanted] = [before, after].map((text) => JSON.stringify(readText(text).document ?? text, null, 2));
  return structuredPatch('', '', old ?? '', wanted ?? '', undefined, undefined, { context: 2 }).hunks.flatMap(
    ({ oldStart, oldLines, newStart, newLines, lines: all }) => [
      `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
      ...all.filter((line) => !line.startsWith('\\')),
    ],
  );
}

function lines({ site, outcome, version, difference, findings }: Put, paint: Style): string[] {
  const next = outcome === 'unchanged' ? '' : `. Check it: magnum-ha start ${site} --follow`;
  return [
    `${paint('green', '✓')} ${site}: ${outcome}, version ${version}${next}`,
    ...difference.map((line) => `  ${coloured(line, paint)}`),
    ...findings.map(({ severity, name, evidence, remedy }) => `  ${severity} ${name}: ${evidence} → ${remedy}`),
  ];
}

function coloured(line: string, paint: Style): string {
  if (line.startsWith('+')) return paint('green', line);
  return paint(line.startsWith('-') ? 'red' : 'dim', line);
}
