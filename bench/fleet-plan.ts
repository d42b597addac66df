import type { FleetRun } from '../domain/audit/fleet';
import { fleetRunOf } from '../domain/audit/fleet';
import measured from '../domain/audit/measured-checks.json';
import { canonicalJson } from '../domain/canonical';
import type { Use } from './step-functions-limits';

/** As `lib/settings.ts` has it; a test compares. */
export const CONCURRENCY = 20;
/** What a bastion 20 ms away adds to a look, in seconds. */
const OF_NETWORK = 1.5;
const EVENTS_OF_RUN = 15;

/** What a run of the fleet machine over sites of 3 controllers takes of each quota of AWS, by what a look was measured to take. */
export function fleetPlan(sites: number, concurrency = CONCURRENCY): Use[] {
  const [look] = measured;
  if (!look) throw new Error('Nothing was measured: npm run bench:cost');
  const seconds = look.milliseconds / 1000 + OF_NETWORK;
  // Without a network looks are soonest over, and ask most.
  const each = concurrency / (look.milliseconds / 1000);
  const use = (limit: string, most: number, here: number, where = ''): Use => ({ limit, most, here, where });
  return [
    use('Step Functions: objects of a Map', 100_000_000, sites),
    use('Step Functions: child executions at a time', 10_000, concurrency, 'fleet.concurrency'),
    use('Step Functions: events of a history', 25_000, EVENTS_OF_RUN, 'of the run; looks have none'),
    use('Step Functions: output of a run, bytes', 256 * 1024, 400, 'a test holds it'),
    use('Step Functions: seconds of a look', 300, seconds),
    use('Lambda: functions at a time', 1000, concurrency, 'one a look'),
    use('SSM: GetParameters a second', 40, each * Math.ceil(look.secrets / 10), 'one a look'),
    use('KMS: requests a second', 10_000, each * look.secrets),
    use('DynamoDB: reads a second', 40_000, each * look.tableReads),
    use('S3: writes a second below a prefix', 3500, each * look.objectWrites, 'if all were below one'),
    use('S3: reads a second below a prefix', 5500, each * look.objectReads, 'if all were below one'),
    use(
      'Lambda: megabytes of Make matrix',
      512,
      megabytesOfMatrix(sites),
      'results and matrix in memory, about three times',
    ),
    use('seconds of the run, of an hour', 3600, (sites / concurrency) * seconds, `${concurrency} at a time`),
  ];
}

/** Of the results and the matrix of so many sites. */
function megabytesOfMatrix(sites: number): number {
  const children = childrenOf(sites);
  const run: FleetRun = fleetRunOf({ execution: 'arn', startedAt: '', endedAt: '', asked: null }, children);
  return (3 * (JSON.stringify(children).length + canonicalJson(run).length)) / 2 ** 20;
}

/** Results as a Map writes them, of sites that all have drift. */
export function childrenOf(sites: number): object[] {
  const execution = 'arn:aws:states:us-east-1:123456789012:execution:magnum-ha';
  return Array.from({ length: sites }, (_, index) => {
    const site = `site-${String(index).padStart(5, '0')}`;
    return {
      ExecutionArn: `${execution}-fleet/Look:0f5b2d6c-3a53-4a6a-9a3d-1c9c9c9c9c9c:${index}`,
      Input: JSON.stringify({
        site,
        mode: 'check',
        AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: `${execution}-fleet:run`,
      }),
      InputDetails: { Included: true },
      Name: '0f5b2d6c-3a53-4a6a-9a3d-1c9c9c9c9c9c',
      Output: JSON.stringify({
        ...{ site, verdict: 'check-started', check: `${execution}:${site}-check-20260101T000000Z` },
        because: 'node-1: change magnum.conf; '.repeat(8).slice(0, 200),
      }),
      OutputDetails: { Included: true },
      StartDate: '2026-01-01T00:00:00.000Z',
      StateMachineArn: `${execution}-fleet/Look`,
      Status: 'SUCCEEDED',
      StopDate: '2026-01-01T00:00:04.000Z',
    };
  });
}
