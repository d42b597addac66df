import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { sha256 } from '../canonical';
import { MagnumHaError } from '../errors';
import type { DocumentStore, StoredDocument } from '../world';
import { LIMITS } from './limits';

/** What the keys of site documents begin with; the site's name follows. A document may be JSON or YAML. */
export const DOCUMENT_KEYS = 'sites/';

/** A site document has more bytes than one may have. */
export class SiteDocumentTooLong extends MagnumHaError {
  override readonly name = 'SiteDocumentTooLong';
}

/** Where a stack keeps its site documents. */
interface Place {
  readonly bucket: string;
  readonly stack: string;
}

/** The site documents in a bucket that keeps versions. */
export function documentsIn(client: Pick<S3Client, 'send'>, { bucket: Bucket, stack }: Place): DocumentStore {
  return {
    stack,
    read: (site, version) => read(client, { Bucket, Key: `${DOCUMENT_KEYS}${site}` }, version),
    names: async () => {
      const names: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix: DOCUMENT_KEYS, ContinuationToken }));
        names.push(...(page.Contents ?? []).map(({ Key = '' }) => Key.slice(DOCUMENT_KEYS.length)));
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return names.sort();
    },
  };
}

async function read(
  client: Pick<S3Client, 'send'>,
  { Bucket, Key }: { readonly Bucket: string; readonly Key: string },
  VersionId: string | undefined,
): Promise<StoredDocument | undefined> {
  try {
    const {
      Body,
      ContentLength = 0,
      VersionId: version = '',
      ETag: etag = '',
    } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    refuseTooLong(Key.slice(DOCUMENT_KEYS.length), ContentLength);
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    return { ...storedAs(bytes), version, etag };
  } catch (error) {
    if (error instanceof Error && ABSENT.includes(error.name)) return undefined;
    throw error;
  }
}

/** The second one is of a version that somebody has deleted for good. */
const ABSENT: readonly string[] = ['NoSuchKey', 'NoSuchVersion'];

/** A document as its bytes say it. */
export function storedAs(bytes: Uint8Array): Pick<StoredDocument, 'text' | 'sha256'> {
  return { text: Buffer.from(bytes).toString(), sha256: sha256(bytes) };
}

/** @throws SiteDocumentTooLong */
export function refuseTooLong(site: string, bytes: number): void {
  if (bytes <= LIMITS.documentBytes) return;
  throw new SiteDocumentTooLong(
    `The document of site ${site} has ${bytes} bytes, and ${LIMITS.documentBytes} are the most. Shorten it: ed25519 host keys ` +
      `are the shortest, and labels and extraOptions can go. Nothing was touched.`,
  );
}

/** The SSM parameter in which a stack says which bucket it is. */
export function bucketParameter(stack: string): string {
  return `/${stack}/documents-bucket`;
}
