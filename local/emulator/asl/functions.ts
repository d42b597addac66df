import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { Clock, Random } from '../../../domain/world';
import { uuid } from '../uuid';
import type { Json } from './definition';

const HASHES: Record<string, string> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

const MAX_RANGE = 1000;

const formatMillis = jsonata('$fromMillis($ms, $picture, $timezone)');

/**
 * The functions that Step Functions adds to JSONata, and those of JSONata's own that must not reach around the
 * execution's clock and random source. As in JSONata, a function of nothing is nothing.
 */
export function serviceFunctions(clock: Clock, random: Random): Record<string, unknown> {
  return {
    partition(items: Json[] | undefined, size: number) {
      if (items === undefined) return undefined;
      if (!Number.isInteger(size) || size < 1) throw new Error('$partition: the size must be a positive integer');
      return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
    },

    /** Both ends belong to the range. */
    range(first: number | undefined, last: number, step: number) {
      if (first === undefined) return undefined;
      if (![first, last, step].every(Number.isFinite) || step === 0) {
        throw new Error('$range: needs two numbers and a step other than 0');
      }
      const length = Math.max(0, Math.floor((last - first) / step) + 1);
      if (length > MAX_RANGE) throw new Error(`$range: more than ${MAX_RANGE} items`);
      return Array.from({ length }, (_, i) => first + i * step);
    },

    /** In hexadecimal. */
    hash(data: string | undefined, algorithm: string) {
      if (data === undefined) return undefined;
      const name = HASHES[algorithm];
      if (name === undefined) throw new Error(`$hash: the algorithm must be one of ${Object.keys(HASHES).join(', ')}`);
      return createHash(name).update(data).digest('hex');
    },

    random: (seed?: number) => (seed === undefined ? random.number() : seeded(seed)),

    uuid: () => uuid(random),

    parse: (text: string | undefined) => (text === undefined ? undefined : (JSON.parse(text) as Json)),

    millis: () => clock.now(),
    now: (picture?: string, timezone?: string) =>
      formatMillis.evaluate(undefined, { ms: clock.now(), picture, timezone }),

    // The service leaves it out; calling it fails with T1006, as there.
    eval: undefined,
  };
}

/** The same number in [0, 1) for the same seed (mulberry32); which number that is, the service does not say. */
function seeded(seed: number): number {
  let t = (Math.trunc(seed) + 0x6d2b79f5) | 0;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}
