import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { FleetRun, SiteVerdict } from '../../domain/audit/fleet';
import { type ArchivedRecord, intactRecord } from '../../domain/audit/record';
import { allSecretNames } from '../../domain/secrets/references';
import { putDocument, type VirtualLocal } from '../../local/deploy';
import type { ExecutionResult } from '../../local/emulator/asl';

/** Puts the site's own document once more, under another name, with its secrets. */
export function again({ deployment, site }: VirtualLocal, name: string): void {
  const own = (text: string) => text.replaceAll('/golden/', `/${name}/`);
  for (const secret of allSecretNames(site.document)) {
    const parameter = deployment.parameters.get(secret);
    if (parameter) deployment.parameters.set(own(secret), parameter);
  }
  putDocument(deployment, name, { ...(JSON.parse(own(JSON.stringify(site.document))) as object), name });
}

/** Runs the fleet machine, and waits for the checks that it starts. */
export async function fleet(
  { deployment, clock }: VirtualLocal,
  input: object = {},
): Promise<{
  ended: ExecutionResult;
  looked: readonly SiteVerdict[];
  run: FleetRun;
  /** The same as a page. */
  page: string;
  checks: DescribeExecutionOutput[];
}> {
  const before = deployment.listExecutions({ machine: 'magnum-ha' }).length;
  const ended = await deployment.start('magnum-ha-fleet', { input, name: `run-${before}` }).result;
  const checks = () => deployment.listExecutions({ machine: 'magnum-ha' }).slice(0, -before || undefined);
  while (checks().some((one) => one.status === 'RUNNING')) await clock.sleep(1000);
  const results = deployment.buckets.get(deployment.parameters.get('/magnum-ha/fleet-bucket')?.value ?? '');
  const run = JSON.parse(results.get(`matrices/run-${before}.json`).body.toString()) as FleetRun;
  const page = results.get(`matrices/run-${before}.html`).body.toString();
  return { ended, run, page, looked: run.sites, checks: checks() };
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
