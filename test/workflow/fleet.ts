import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { FleetRun, SiteVerdict } from '../../domain/audit/fleet';
import { type ArchivedRecord, intactRecord } from '../../domain/audit/record';
import type { VirtualLocal } from '../../local/deploy';
import type { ExecutionResult } from '../../local/emulator/asl';

/** Runs the fleet machine, and waits for the checks that it starts. */
export async function fleet(
  { deployment, clock }: VirtualLocal,
  input: object = {},
): Promise<{
  ended: ExecutionResult;
  looked: readonly SiteVerdict[];
  run: FleetRun;
  checks: DescribeExecutionOutput[];
}> {
  const before = deployment.listExecutions({ machine: 'magnum-ha' }).length;
  const ended = await deployment.start('magnum-ha-fleet', { input, name: `run-${before}` }).result;
  const checks = () => deployment.listExecutions({ machine: 'magnum-ha' }).slice(0, -before || undefined);
  while (checks().some((one) => one.status === 'RUNNING')) await clock.sleep(1000);
  const results = deployment.buckets.get(deployment.parameters.get('/magnum-ha/fleet-bucket')?.value ?? '');
  const run = JSON.parse(results.get(`matrices/run-${before}.json`).body.toString()) as FleetRun;
  return { ended, run, looked: run.sites, checks: checks() };
}

/** Objects of the archive by key. */
export function archived({ deployment }: VirtualLocal): Map<string, string> {
  return new Map(
    [...deployment.buckets].flatMap((bucket) =>
      ['records/', 'heads/'].flatMap((prefix) =>
        bucket.list({ prefix }).objects.map(({ key, body }) => [key, body.toString()] as const),
      ),
    ),
  );
}

/** The records of a site, in order. */
export function recordsIn(objects: ReadonlyMap<string, string>): ArchivedRecord[] {
  return [...objects]
    .flatMap(([key, text]) => (key.endsWith('record.json') ? (intactRecord(text) ?? []) : []))
    .sort((one, other) => one.sequence - other.sequence);
}
