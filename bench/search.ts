import { Session } from 'node:inspector/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Report } from '../domain/report/report';
import { siteAt } from '../cli/files';
import { startVirtual } from '../local/deploy';
import { median, table } from './figures';

const PAIRS = Number(process.argv[2] ?? 50);
const WARM_UP = 5;
const ROOT = join(__dirname, '..');

/**
 * What a search for faults pays for a step: the CPU of one apply and one check of a fresh site, on virtual time and in this
 * process. The pairs are measured without the profiler; as many again are run under it to see where the time goes.
 */
async function main(): Promise<void> {
  const document = siteAt(join(ROOT, 'sites', 'golden.json'));

  const pair = async () => {
    const local = await startVirtual(document);
    const { deployment, clock } = local;
    const execute = async (mode: 'apply' | 'check'): Promise<number> => {
      const began = process.cpuUsage();
      const { result } = deployment.start('magnum-ha', { input: { site: document.name, mode } });
      const { status, output, error, cause } = await clock.drive(result);
      const { user, system } = process.cpuUsage(began);
      if (status !== 'SUCCEEDED') throw new Error(`${error}: ${cause}`);
      const { outcome } = output as Report;
      const expected = mode === 'apply' ? 'changed' : 'unchanged';
      if (outcome !== expected) throw new Error(`${mode}: ${outcome} instead of ${expected}`);
      return (user + system) / 1000;
    };
    const apply = await execute('apply');
    const check = await execute('check');
    await local.close();
    return { apply, check };
  };

  for (let i = 0; i < WARM_UP; i++) await pair();
  const pairs: Awaited<ReturnType<typeof pair>>[] = [];
  for (let i = 0; i < PAIRS; i++) pairs.push(await pair());

  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  for (let i = 0; i < PAIRS; i++) await pair();
  const { profile } = await session.post('Profiler.stop');

  console.log(
    table([
      [`CPU, median of ${String(PAIRS)}`, 'ms'],
      ['apply', median(pairs.map(({ apply }) => apply))],
      ['check', median(pairs.map(({ check }) => check))],
      ['both', median(pairs.map(({ apply, check }) => apply + check))],
    ]),
  );

  const rooms = new Map<string, number>();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  for (const [i, id] of (profile.samples ?? []).entries()) {
    const frame = nodes.get(id);
    if (!frame || frame.functionName === '(idle)') continue;
    const name = room(frame.url) ?? frame.functionName;
    rooms.set(name, (rooms.get(name) ?? 0) + (profile.timeDeltas?.[i] ?? 0));
  }
  const all = [...rooms.values()].reduce((sum, time) => sum + time, 0);
  console.log(
    table([
      ['where the time goes, starting the site included', '%'],
      ...[...rooms]
        .sort(([, a], [, b]) => b - a)
        .slice(0, 15)
        .map(([name, time]) => [name, (100 * time) / all] as const),
    ]),
  );
}

/** The folder or package of a module: two levels of the tree, or a package's name. */
function room(url: string): string | undefined {
  if (url.startsWith('node:')) return 'node';
  if (!url.startsWith('file:') && !url.startsWith('/')) return undefined;
  const path = relative(ROOT, url.startsWith('file:') ? fileURLToPath(url) : url);
  const parts = path.split('/');
  if (parts[0] === 'node_modules') return parts.slice(1, parts[1]?.startsWith('@') ? 3 : 2).join('/');
  return parts.slice(0, Math.min(2, parts.length - 1)).join('/');
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
