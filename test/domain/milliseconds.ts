/** What `reference` takes on a machine of 2025 that does nothing else. */
const REFERENCE_MS = 5.6;

/**
 * The CPU time that something takes, as on a machine that does nothing else: beside it something is measured of which that is known, and the
 * least of a few times counts.
 */
export function milliseconds(work: () => unknown): number {
  const slower = Array.from({ length: 5 }, () => cpu(work) / cpu(reference));
  return Math.min(...slower) * REFERENCE_MS;
}

function cpu(work: () => unknown): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Lines, taken apart and put together. */
function reference(): string {
  return 'server a: one\n'
    .repeat(20_000)
    .split('\n')
    .flatMap((line) => line.replace(/ *: */, '=').split('='))
    .join('\n');
}
