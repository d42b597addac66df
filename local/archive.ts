import { archive, archiveLook, type RecordStore } from '../domain/audit/archive';
import { type EndedRun, writeMatrix } from '../domain/audit/fleet-results';
import type { Look } from '../domain/audit/look';
import type { EndedExecution } from '../domain/audit/record';
import type { Clock } from '../domain/world';
import type { DeployedServices } from './emulator/aws/deployment';
import type { FunctionConfig, Handler, LogLine } from './emulator/aws/functions';
import type { Bucket } from './emulator/aws/s3';
import { ServiceError } from './emulator/service-error';

/** The function that writes records, in this process. */
export function archiveHandler(
  services: Pick<DeployedServices, 'buckets' | 'stepFunctions'>,
  { clock, logs }: { readonly clock: Clock; readonly logs: readonly LogLine[] },
): (environment: FunctionConfig['environment']) => Handler {
  return ({ ARCHIVE_BUCKET = '', RETENTION_DAYS = '' }) => {
    const records = recordsOf(services.buckets.get(ARCHIVE_BUCKET));
    const executions = {
      describe: (arn: string) => Promise.resolve(services.stepFunctions().describeExecution(arn)),
      history: (arn: string) => Promise.resolve([...services.stepFunctions().getExecutionHistory(arn)]),
      logs: ({ executionArn = '' }: EndedExecution) =>
        Promise.resolve(logs.flatMap(({ text }) => (text.includes(executionArn) ? [text] : []))),
    };
    return async (event) => {
      const { detail } = event as { readonly detail: { readonly executionArn: string } };
      const retentionDays = Number(RETENTION_DAYS);
      return { record: await archive(detail.executionArn, { executions, records, retentionDays, clock }) };
    };
  };
}

/** The function that writes records of looks, in this process. */
export function archiveLookHandler({
  buckets,
}: Pick<DeployedServices, 'buckets'>): (environment: FunctionConfig['environment']) => Handler {
  return ({ ARCHIVE_BUCKET = '', RETENTION_DAYS = '' }) => {
    const records = recordsOf(buckets.get(ARCHIVE_BUCKET));
    return async (event) => ({
      record: await archiveLook(event as Look, { records, retentionDays: Number(RETENTION_DAYS) }),
    });
  };
}

/** The function that makes the matrix of a run of the fleet machine, in this process. */
export function fleetMatrixHandler({
  buckets,
}: Pick<DeployedServices, 'buckets'>): (environment: FunctionConfig['environment']) => Handler {
  return ({ FLEET_BUCKET = '' }) =>
    (event) =>
      writeMatrix(event as EndedRun, recordsOf(buckets.get(FLEET_BUCKET)));
}

/** Records in a bucket of this process. */
function recordsOf(bucket: Bucket): RecordStore {
  const found = (key: string) => bucket.list({ prefix: key, maxKeys: 1 }).objects.find((one) => one.key === key);
  return {
    get: (key) => {
      const object = found(key);
      return Promise.resolve(object && { text: object.body.toString(), tag: object.etag });
    },
    has: (key) => Promise.resolve(found(key) !== undefined),
    put: (key, text, { contentType, over }) => {
      try {
        const ifNoneMatch = over === 'nothing' ? '*' : undefined;
        const ifMatch = over === undefined || over === 'nothing' ? undefined : over.tag;
        bucket.put(key, text, { contentType, ifNoneMatch, ifMatch });
        return Promise.resolve(true);
      } catch (error) {
        if (error instanceof ServiceError) return Promise.resolve(false);
        throw error;
      }
    },
  };
}
