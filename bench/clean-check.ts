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

/** Runs an apply, then the fleet machine, and tells what its look took. Times are those of this machine. */
export async function cleanCheck(local: Local): Promise<MeasuredCheck> {
  const { deployment, site } = local;
  await deployment.start('magnum-ha', { input: { site: site.document.name, mode: 'apply' } }).result;
  await local.settled();
  const count = counted(local);
  const { output } = await deployment.start('magnum-ha-fleet', { input: {} }).result;
  const [look, ...others] = deployment.express;
  if (!look || others.length > 0) throw new Error('The fleet machine did not look at one site');
  const { startDate, stopDate } = look.describe();
  const { events } = look;
  const { steps } = audit({ events });
  if (!/"as-wanted":1\b/.test(JSON.stringify(output))) throw new Error(`The look: ${JSON.stringify(output)}`);
  const scheduled = events.flatMap(({ taskScheduledEventDetails: task }) =>
    /dynamodb/.test(`${task?.resourceType ?? ''} ${task?.resource ?? ''}`) ? [task?.resource ?? ''] : [],
  );
  const logged = local.logs.flatMap(({ text }) => (text.includes(look.executionArn) ? [Buffer.byteLength(text)] : []));
  const attempts = (isArchive: boolean) =>
    steps.flatMap(({ name, ofFunction, attempts: all }) =>
      ofFunction && (name === 'Archive') === isArchive ? all : [],
    );
  const secondsOf = (all: ReturnType<typeof attempts>) =>
    all.reduce((sum, { startedAt, endedAt = startedAt }) => sum + endedAt - startedAt, 0) / 1000;
  return {
    controllers: site.document.controllers.length,
    // The child of a distributed Map is one of its parent.
    transitions: deployment.express.length,
    milliseconds: (stopDate?.getTime() ?? 0) - (startDate?.getTime() ?? 0),
    invocations: attempts(false).length,
    seconds: secondsOf(attempts(false)),
    secrets: count.secrets(),
    tableWrites: scheduled.filter((name) => !/get/i.test(name)).length,
    tableReads: scheduled.filter((name) => /get/i.test(name)).length,
    events: events.length,
    logBytes: logged.reduce((sum, one) => sum + one, 0),
    archiveSeconds: secondsOf(attempts(true)),
    ...count.objects(look.describe().name ?? ''),
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
  // What the fleet machine writes about a run is not the look's.
  const buckets = [...deployment.buckets].filter(({ name }) => !name.startsWith('fleet'));
  const lists = buckets.map((bucket) => {
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
