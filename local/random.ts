import { randomBytes } from 'node:crypto';
import type { Random } from '../domain/world';

/** Real random numbers. */
export const realRandom: Random = { number: Math.random, bytes: randomBytes };

/** The same numbers for the same seed: splitmix32. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  return {
    number: () => next() / 2 ** 32,
    bytes: (length) => Buffer.from(Array.from({ length }, () => next() & 0xff)),
  };
}
