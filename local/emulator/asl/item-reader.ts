import type { Json, JsonObject, MapState } from './definition';
import { StatesError } from './errors';
import type { Visit } from './visit';

/** What ListObjectsV2 answers, as far as a Map's items have it. */
interface Listing {
  readonly Contents?: readonly {
    readonly ETag: string;
    readonly Key: string;
    /** In ISO 8601. */
    readonly LastModified: string;
    readonly Size: number;
    readonly StorageClass: string;
  }[];
  readonly NextContinuationToken?: string;
}

type Call = (more?: JsonObject) => Promise<unknown>;

/** Reads a distributed Map's items. @throws StatesError States.ItemReaderFailed */
export async function readItems(visit: Visit<MapState>): Promise<Json[]> {
  const { Resource = '', Arguments = {}, ReaderConfig = {} } = visit.state.ItemReader ?? {};
  const args = (await visit.evaluate(Arguments, 'ItemReader/Arguments')) as JsonObject;
  const { MaxItems: limit = null } = ReaderConfig;
  const most = limit === null ? Infinity : Number(await visit.evaluate(limit, 'ItemReader/ReaderConfig/MaxItems'));
  const call: Call = (more) => visit.call(Resource.replace(':s3:', ':aws-sdk:s3:'), { ...args, ...more });
  try {
    const items = Resource.endsWith(':listObjectsV2') ? await listed(call, most) : await content(call);
    return items.slice(0, most);
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    throw new StatesError('States.ItemReaderFailed', error.cause ?? error.error);
  }
}

async function listed(call: Call, most: number): Promise<Json[]> {
  const items: Json[] = [];
  let token: string | undefined;
  do {
    const page = (await call(token === undefined ? {} : { ContinuationToken: token })) as Listing;
    for (const { ETag, LastModified, ...object } of page.Contents ?? []) {
      items.push({ Etag: ETag, LastModified: Math.floor(Date.parse(LastModified) / 1000), ...object });
    }
    token = page.NextContinuationToken;
  } while (token !== undefined && items.length < most);
  return items;
}

async function content(call: Call): Promise<Json[]> {
  const { Body } = (await call()) as { Body: string };
  const items = parsed(Body);
  if (Array.isArray(items)) return items;
  throw new StatesError(undefined, 'Attempting to map over non-iterable node.');
}

function parsed(body: string): Json {
  try {
    return JSON.parse(body) as Json;
  } catch (error) {
    throw new StatesError(undefined, (error as Error).message);
  }
}
