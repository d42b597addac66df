import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../../domain/world';
import { ServiceError } from '../service-error';

/** An object, in one of its versions. */
export interface S3Object {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In quotes, as the API has it. */
  readonly etag: string;
  readonly lastModified: Date;
  /** `null` in a bucket without versions. */
  readonly versionId: string;
}

/** What a deletion leaves in a bucket with versions. */
interface DeleteMarker {
  readonly key: string;
  readonly lastModified: Date;
  readonly versionId: string;
}

type Version = S3Object | DeleteMarker;

/** What an object is put with. */
export interface PutOptions {
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>>;
  /** `*`: only if there is no such key. */
  readonly ifNoneMatch?: string | undefined;
  /** Only if the object has this ETag. */
  readonly ifMatch?: string | undefined;
}

/** What to list. */
export interface ListOptions {
  readonly prefix?: string | undefined;
  /** Keys with this after the prefix are listed by what they have in common. */
  readonly delimiter?: string | undefined;
  readonly startAfter?: string | undefined;
  readonly maxKeys?: number | undefined;
  readonly continuationToken?: string | undefined;
}

/** A page of a list. */
export interface Listing {
  readonly objects: readonly S3Object[];
  readonly commonPrefixes: readonly string[];
  readonly nextContinuationToken?: string;
}

/** The most keys of a page. */
export const MAX_KEYS = 1000;

const VERSION_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._';

/** A bucket of S3, in memory. */
export class Bucket {
  /** By key; the latest version last. */
  readonly #versions = new Map<string, Version[]>();
  /** The keys in order, until they change. */
  #sorted: readonly string[] | undefined;

  constructor(
    readonly name: string,
    private readonly versioned: boolean,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** @throws ServiceError PreconditionFailed, NoSuchKey */
  put(key: string, body: Buffer | string, options: PutOptions = {}): S3Object {
    const { contentType = 'application/octet-stream', metadata = {}, ifNoneMatch, ifMatch } = options;
    const present = this.#latest(key);
    if (ifNoneMatch === '*' && present) throw preconditionFailed();
    if (ifMatch !== undefined && !present) throw noSuchKey();
    if (ifMatch !== undefined && unquoted(present?.etag) !== unquoted(ifMatch)) throw preconditionFailed();
    const bytes = Buffer.from(body);
    const etag = `"${createHash('md5').update(bytes).digest('hex')}"`;
    const object: S3Object = {
      key,
      body: bytes,
      contentType,
      metadata,
      etag,
      ...this.#stamp(),
    };
    this.#keep(key, [...(this.versioned ? this.#of(key) : []), object]);
    return object;
  }

  /** @throws ServiceError NoSuchKey, NoSuchVersion, MethodNotAllowed */
  get(key: string, versionId?: string): S3Object {
    if (versionId === undefined) {
      const object = this.#latest(key);
      if (object) return object;
      throw noSuchKey();
    }
    const version = this.#of(key).find((one) => one.versionId === versionId);
    if (!version) throw new ServiceError('NoSuchVersion', 'The specified version does not exist.', 404);
    if (isObject(version)) return version;
    throw new ServiceError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405);
  }

  /** Deletes a version for good; without one, leaves a delete marker in a bucket with versions. */
  delete(key: string, versionId?: string): { versionId?: string; isMarker: boolean } {
    if (versionId !== undefined) {
      const version = this.#of(key).find((one) => one.versionId === versionId);
      this.#keep(
        key,
        this.#of(key).filter((one) => one !== version),
      );
      return { versionId, isMarker: version !== undefined && !isObject(version) };
    }
    if (!this.versioned) {
      this.#keep(key, []);
      return { isMarker: false };
    }
    const marker: DeleteMarker = { key, ...this.#stamp() };
    this.#keep(key, [...this.#of(key), marker]);
    return { versionId: marker.versionId, isMarker: true };
  }

  /** The latest objects by key, a page at a time. */
  list(options: ListOptions = {}): Listing {
    const { prefix = '', delimiter, startAfter = '', maxKeys = MAX_KEYS, continuationToken } = options;
    const after = continuationToken === undefined ? startAfter : Buffer.from(continuationToken, 'base64').toString();
    const objects: S3Object[] = [];
    const commonPrefixes: string[] = [];
    let last = '';
    for (const key of this.#keys()) {
      const object = this.#latest(key);
      const common = commonPrefixOf(key, prefix, delimiter);
      const listed = common ?? key;
      if (!object || !key.startsWith(prefix) || listed <= after || listed === last) continue;
      if (objects.length + commonPrefixes.length >= Math.min(maxKeys, MAX_KEYS)) {
        return { objects, commonPrefixes, nextContinuationToken: Buffer.from(last).toString('base64') };
      }
      last = listed;
      if (common === undefined) objects.push(object);
      else commonPrefixes.push(common);
    }
    return { objects, commonPrefixes };
  }

  /** All versions by key, the latest first. */
  versions(prefix = ''): { version: Version; isLatest: boolean; isMarker: boolean }[] {
    return this.#keys()
      .filter((key) => key.startsWith(prefix))
      .flatMap((key) =>
        this.#of(key)
          .map((version, index, all) => ({
            version,
            isLatest: index === all.length - 1,
            isMarker: !isObject(version),
          }))
          .reverse(),
      );
  }

  #keys(): readonly string[] {
    // In the order of UTF-8, as S3 lists.
    this.#sorted ??= [...this.#versions.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return this.#sorted;
  }

  #of(key: string): Version[] {
    return this.#versions.get(key) ?? [];
  }

  #keep(key: string, versions: Version[]): void {
    if (versions.length === 0 || !this.#versions.has(key)) this.#sorted = undefined;
    if (versions.length === 0) this.#versions.delete(key);
    else this.#versions.set(key, versions);
  }

  #latest(key: string): S3Object | undefined {
    const version = this.#of(key).at(-1);
    return version && isObject(version) ? version : undefined;
  }

  #stamp(): { lastModified: Date; versionId: string } {
    const bytes = this.versioned ? [...this.random.bytes(32)] : [];
    const versionId = this.versioned ? bytes.map((byte) => VERSION_ALPHABET.charAt(byte % 64)).join('') : 'null';
    // S3 tells the time of a change in whole seconds.
    return { versionId, lastModified: new Date(Math.floor(this.clock.now() / 1000) * 1000) };
  }
}

/** The buckets of a deployment. */
export class Buckets {
  readonly #buckets: ReadonlyMap<string, Bucket>;

  constructor(buckets: readonly Bucket[]) {
    this.#buckets = new Map(buckets.map((bucket) => [bucket.name, bucket]));
  }

  /** @throws ServiceError NoSuchBucket */
  get(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket) return bucket;
    throw new ServiceError('NoSuchBucket', 'The specified bucket does not exist', 404);
  }

  [Symbol.iterator](): Iterator<Bucket> {
    return this.#buckets.values();
  }
}

function isObject(version: Version): version is S3Object {
  return 'body' in version;
}

function commonPrefixOf(key: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined || delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

function unquoted(etag: string | undefined): string | undefined {
  return etag?.replace(/^"|"$/g, '');
}

function noSuchKey(): ServiceError {
  return new ServiceError('NoSuchKey', 'The specified key does not exist.', 404);
}

function preconditionFailed(): ServiceError {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new ServiceError('PreconditionFailed', message, 412);
}
