import type { Json, JsonObject, MapState, ResultWriter } from './definition';
import { StatesError } from './errors';
import type { ChildDescription } from './run';
import type { Visit } from './visit';

/** A Map run that has ended. */
export interface EndedMapRun {
  readonly arn: string;
  /** The last part of its ARN. */
  readonly id: string;
  readonly inputs: readonly Json[];
  /** What came of each; undefined for those that were not started. */
  readonly results: readonly (ChildDescription | undefined)[];
}

/**
 * Puts the results where the Map wants them.
 * @returns the state's result: where they are, or the results themselves
 * @throws StatesError States.ResultWriterFailed
 */
export async function resultOf(visit: Visit<MapState>, mapRun: EndedMapRun): Promise<Json> {
  const { ResultWriter: writer = {} } = visit.state;
  if (writer.Resource === undefined) {
    return mapRun.results.flatMap((one) => (one === undefined ? [] : transformed(one, writer)));
  }
  const { Bucket, Prefix = '' } = (await visit.evaluate(writer.Arguments ?? {}, 'ResultWriter/Arguments')) as {
    Bucket: string;
    Prefix?: string;
  };
  const folder = `${Prefix}${Prefix === '' || Prefix.endsWith('/') ? '' : '/'}${mapRun.id}`;
  const resource = writer.Resource.replace(':s3:', ':aws-sdk:s3:');
  const put = (Key: string, Body: Json) => visit.call(resource, { Bucket, Key, Body });
  try {
    const ResultFiles: JsonObject = {};
    for (const [status, entries] of Object.entries(byStatus(mapRun, writer))) {
      const Key = `${folder}/${status}_0.json`;
      ResultFiles[status] = entries.length === 0 ? [] : [{ Key, Size: Buffer.byteLength(JSON.stringify(entries)) }];
      if (entries.length > 0) await put(Key, entries);
    }
    await put(`${folder}/manifest.json`, { DestinationBucket: Bucket, MapRunArn: mapRun.arn, ResultFiles });
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    throw new StatesError('States.ResultWriterFailed', error.cause ?? error.error);
  }
  return { MapRunArn: mapRun.arn, ResultWriterDetails: { Bucket, Key: `${folder}/manifest.json` } };
}

function byStatus({ inputs, results }: EndedMapRun, writer: ResultWriter): Record<string, Json[]> {
  const ended = results.filter((one) => one !== undefined);
  const pending = inputs.filter((_, index) => results[index] === undefined);
  return {
    FAILED: ended.filter(({ Status }) => Status !== 'SUCCEEDED'),
    PENDING: pending.map((input) => ({ Input: JSON.stringify(input), InputDetails: { Included: true } })),
    SUCCEEDED: ended.filter(({ Status }) => Status === 'SUCCEEDED').flatMap((one) => transformed(one, writer)),
  };
}

/** One result in the form that the writer is told; that of an execution that failed stays as it is. */
function transformed(described: ChildDescription, { Resource, WriterConfig }: ResultWriter): Json[] {
  const transformation = WriterConfig?.Transformation ?? (Resource === undefined ? 'COMPACT' : 'NONE');
  if (transformation === 'NONE' || described.Status !== 'SUCCEEDED') return [described];
  const output = JSON.parse(described['Output'] as string) as Json;
  return transformation === 'FLATTEN' && Array.isArray(output) ? output : [output];
}
