/** Seconds since the boot, by a clock that nobody sets, as ps counts the ages of processes. */
export const UPTIME = '/proc/uptime';

/**
 * Where it is kept how long a controller had been up when the workflow last wrote a file that a program reads once. Only root can
 * write there, and a boot, after which everything has read everything, takes it away.
 */
export const WRITTEN = { magnumConf: '/run/magnum-ha-magnum.conf', fragment: '/run/magnum-ha-fragment' } as const;

/** Seconds since the workflow last wrote a file; not there if it has not since the boot. */
export type Written = Readonly<Partial<Record<keyof typeof WRITTEN, number>>>;

/** Reads what `uptimes` of the catalogue printed. */
export function parseWritten(uptimes: string): Written {
  const at = new Map(
    uptimes.split('\n').flatMap((line) => {
      const [, path, seconds] = /^([^:]+):(\d+\.\d+) /.exec(line) ?? [];
      return path === undefined ? [] : [[path, Number(seconds)] as const];
    }),
  );
  const now = at.get(UPTIME);
  return Object.fromEntries(
    Object.entries(WRITTEN).flatMap(([kind, path]) => {
      const then = at.get(path);
      return now === undefined || then === undefined ? [] : [[kind, now - then]];
    }),
  );
}
