import { canonicalJson } from '../canonical';
import { MagnumHaError } from '../errors';
import type { RecordStore } from './archive';
import { type FleetRun, fleetRunOf, matrixKeyOf, type Run, uncheckedIn } from './fleet';
import { fromJson } from './history';

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
  /** Key of the matrix. */
  readonly matrix: string;
  readonly sites: number;
  readonly counts: FleetRun['counts'];
  /** How many sites were neither looked at nor are checked, of a hundred. */
  readonly uncheckedPercentage: number;
}

interface Manifest {
  readonly ResultFiles?: Readonly<Record<string, readonly { readonly Key: string }[]>>;
}

/** Reads what a Map wrote of its executions, and writes the matrix of sites. @throws FleetResultsMissing */
export async function writeMatrix(
  { name, manifest, ...run }: EndedRun,
  results: Pick<RecordStore, 'get' | 'put'>,
): Promise<RunSummary> {
  const read = async (key: string): Promise<unknown> => {
    const value = fromJson((await results.get(key))?.text);
    if (value !== undefined) return value;
    throw new FleetResultsMissing(`Run ${run.execution}: the results of its Map, ${key}, are missing or cut.`);
  };
  const { ResultFiles = {} } = (await read(manifest)) as Manifest;
  const files = Object.values(ResultFiles).flatMap((all) => all.map(({ Key }) => Key));
  const children = (await Promise.all(files.map(read))).flat();
  const matrix = fleetRunOf(run, children);
  const key = matrixKeyOf(name);
  await results.put(key, canonicalJson(matrix), { contentType: 'application/json' });
  const sites = matrix.sites.length;
  return {
    ...{ matrix: key, sites, counts: matrix.counts },
    uncheckedPercentage: sites === 0 ? 0 : (uncheckedIn(matrix) / sites) * 100,
  };
}
