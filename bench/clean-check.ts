import { audit } from '../domain/audit/audit';
import type { MeasuredCheck } from '../domain/audit/monthly';
import { mapAll } from '../domain/non-empty';
import type { Site } from '../domain/site/document';
import type { Local } from '../local/deploy';

/** A site document with so many controllers, like its first. */
export function withControllers(site: Site, count: number): Site {
  const [first] = site.controllers;
  const all = [first, ...Array.from({ length: count - 1 }, () => first)] as const;
  const controllers = mapAll(all, (one, index) => ({
    ...one,
    name: `node-${index + 1}`,
    address: `10.21.22.${index + 4}`,
  }));
  return { ...site, controllers };
}

/** Runs an apply, then a check, and tells what the check took. Times are those of this machine. */
export async function cleanCheck(local: Local): Promise<MeasuredCheck> {
  const { deployment, site } = local;
  const start = (mode: string) => deployment.start('magnum-ha', { input: { site: site.document.name, mode } });
  await start('apply').result;
  await local.settled();
  const count = counted(local);
  const check = start('check');
  const { events } = await check.result;
  const ended = process.hrtime.bigint();
  await local.settled();
  const archiveSeconds = Number(process.hrtime.bigint() - ended) / 1e9;
  const { cost, verdict, steps } = audit({ events });
  if (verdict.outcome !== 'unchanged') throw new Error(`The check: ${verdict.words}`);
  const scheduled = events.flatMap(({ taskScheduledEventDetails: task }) =>
    /dynamodb/.test(`${task?.resourceType ?? ''} ${task?.resource ?? ''}`) ? [task?.resource ?? ''] : [],
  );
  const logged = local.logs.flatMap(({ text }) => (text.includes(check.executionArn) ? [Buffer.byteLength(text)] : []));
  const seconds = steps
    .flatMap(({ ofFunction, attempts }) => (ofFunction ? attempts : []))
    .reduce((sum, { startedAt, endedAt = startedAt }) => sum + endedAt - startedAt, 0);
  return {
    controllers: site.document.controllers.length,
    transitions: cost.transitions,
    invocations: cost.invocations,
    seconds: seconds / 1000,
    secrets: count.secrets(),
    tableWrites: scheduled.filter((name) => !/get/i.test(name)).length,
    tableReads: scheduled.filter((name) => /get/i.test(name)).length,
    events: events.length,
    logBytes: logged.reduce((sum, one) => sum + one, 0),
    archiveSeconds,
    ...count.objects(check.executionArn.split(':').at(-1) ?? ''),
  };
}

/** Counts what is read and written from now on. */
function counted({ deployment }: Local) {
  const { parameters } = deployment;
  let secrets = 0;
  const get = parameters.get.bind(parameters);
  parameters.get = (name) => {
    const found = get(name);
    if (found?.type === 'SecureString') secrets++;
    return found;
  };
  const calls = { objectWrites: 0, objectReads: 0 };
  const lists = [...deployment.buckets].map((bucket) => {
    const [put, list, read] = [bucket.put.bind(bucket), bucket.list.bind(bucket), bucket.get.bind(bucket)];
    bucket.put = (...args) => {
      calls.objectWrites++;
      return put(...args);
    };
    bucket.list = (...args) => {
      calls.objectReads++;
      return list(...args);
    };
    bucket.get = (...args) => {
      calls.objectReads++;
      return read(...args);
    };
    return list;
  });
  return {
    secrets: () => secrets,
    objects: (execution: string) => ({
      ...calls,
      recordBytes: lists
        .flatMap((list) => list({ prefix: 'records/' }).objects)
        .filter(({ key }) => key.includes(`Z-${execution}/`))
        .reduce((sum, { body }) => sum + body.length, 0),
    }),
  };
}
