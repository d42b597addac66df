import { S3Client } from '@aws-sdk/client-s3';
import { type EndedRun, type Matrix, writeMatrix } from '../domain/audit/fleet-results';
import { recordsIn } from '../domain/audit/s3';
import { measuredFleet } from './runtime/metrics';

const { FLEET_BUCKET = '' } = process.env;
const results = recordsIn(new S3Client({}), FLEET_BUCKET, undefined);

/** Fleet matrix: what came of each site in a run of the fleet machine. */
export const handler = async (run: EndedRun): Promise<Matrix> => measuredFleet(run, await writeMatrix(run, results));
