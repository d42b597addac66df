import { canonicalJson } from '../canonical';
import { MagnumHaError } from '../errors';
import type { RecordStore } from './archive';
import { type FleetRun, fleetRunOf, matrixKeyOf, type Run, type SiteVerdict, uncheckedIn } from './fleet';
import { fromJson } from './history';
import { hoursSinceCheck } from './last-checks';
import { fleetPage, LOOK_SIGNS, whyOf } from './page/fleet';
import { count } from './verdict';

/** What the looks of a run came to cannot be read; trying again is safe. */
export class FleetResultsMissing extends MagnumHaError {
  override readonly name = 'FleetResultsMissing';
}

/** What the fleet machine knows when all sites were looked at. */
export interface EndedRun extends Run {
  /** Name of the execution. */
  readonly name: string;
  /** Key of the manifest that the Map wrote. */
  readonly manifest: string;
}

/** What is in its output: it is small, however many sites there are. */
export interface RunSummary {
  /** Keys of the matrix. */
  readonly matrix: string;
  readonly page: string;
  readonly sites: number;
  readonly counts: FleetRun['counts'];
  /** How many sites were neither looked at nor are checked, of a hundred. */
  readonly uncheckedPercentage: number;
}

interface Manifest {
  readonly ResultFiles?: Readonly<Record<string, readonly { readonly Key: string }[]>>;
}

/** What people are told of a run. */
export interface FleetMessage {
  /** 100 characters at most, ASCII. */
  readonly subject: string;
  readonly text: string;
}

/** What came of a run. */
export interface Matrix {
  readonly summary: RunSummary;
  /** Null if all sites are as wanted or busy, or only one was looked at: its check tells by itself. */
  readonly telling: FleetMessage | null;
  /** For how many hours the site was not looked at that has waited longest. */
  readonly hoursSinceCheck: number;
}

/** Reads what a Map wrote of its executions, and writes the matrix of sites, also as a page. @throws FleetResultsMissing */
export async function writeMatrix(
  { name, manifest, ...run }: EndedRun,
  results: Pick<RecordStore, 'get' | 'put'>,
): Promise<Matrix> {
  const read = async (key: string): Promise<unknown> => {
    const value = fromJson((await results.get(key))?.text);
    if (value !== undefined) return value;
    throw new FleetResultsMissing(`Run ${run.execution}: the results of its Map, ${key}, are missing or cut.`);
  };
  const { ResultFiles = {} } = (await read(manifest)) as Manifest;
  const files = Object.values(ResultFiles).flatMap((all) => all.map(({ Key }) => Key));
  const children = (await Promise.all(files.map(read))).flat();
  const matrix = fleetRunOf(run, children);
  const [key, page] = [matrixKeyOf(name), matrixKeyOf(name, 'html')];
  await Promise.all([
    results.put(key, canonicalJson(matrix), { contentType: 'application/json' }),
    results.put(page, fleetPage(matrix), { contentType: 'text/html; charset=utf-8' }),
  ]);
  const sites = matrix.sites.length;
  return {
    summary: {
      ...{ matrix: key, page, sites, counts: matrix.counts },
      uncheckedPercentage: sites === 0 ? 0 : (uncheckedIn(matrix) / sites) * 100,
    },
    telling: messageOf(matrix),
    hoursSinceCheck: await hoursSinceCheck(matrix, results),
  };
}

/** SNS takes 256 KiB, in UTF-8. */
const LONGEST = 60_000;

function messageOf(run: FleetRun): FleetMessage | null {
  const { sites, asked, startedAt } = run;
  const found = sites.filter(({ verdict }) => verdict !== 'as-wanted' && verdict !== 'busy');
  if (sites.length < 2 || found.length === 0) return null;
  const unchecked = uncheckedIn(run);
  const lines = found.map(lineOf);
  let length = 0;
  const cut = lines.findIndex((line) => (length += line.length) > LONGEST);
  const shown = lines.slice(0, cut < 0 ? undefined : cut);
  return {
    subject:
      `magnum-ha: ${found.length} of ${count(sites.length, 'site')} not found as wanted` +
      (unchecked === 0 ? '' : `, ${unchecked} not checked`),
    text: [
      `${count(sites.length, 'site')}${asked === null ? '' : ` (${asked})`}, ${startedAt.slice(0, 16).replace('T', ' ')} UTC. What each check finds is told by itself.`,
      '',
      ...shown,
      ...(cut < 0 ? [] : [`and ${lines.length - cut} more`]),
      '',
      'All of it: magnum-ha fleet',
    ].join('\n'),
  };
}

function lineOf(one: SiteVerdict): string {
  return `${one.site}: ${LOOK_SIGNS[one.verdict].word}: ${whyOf(one)}`;
}
