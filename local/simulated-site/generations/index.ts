import type { Site } from '../../../domain/site/document';
import { atLeast } from '../../../domain/site/releases';
import { debian11, debian12, debian13 } from './debian';
import { fuel10, fuel9 } from './fuel';
import type { Generation } from './generation';
import { centos7, rocky9 } from './rpm';
import { ubuntu2404 } from './ubuntu';

export { type Agent, type Generation, since } from './generation';

/** Every generation that a site can be simulated on. */
export const GENERATIONS = {
  'fuel-9': fuel9,
  'fuel-10': fuel10,
  'centos-7': centos7,
  'rocky-9': rocky9,
  'ubuntu-24': ubuntu2404,
  'debian-11': debian11,
  'debian-12': debian12,
  'debian-13': debian13,
} as const satisfies Record<string, Generation>;

export type GenerationName = keyof typeof GENERATIONS;

/** What a document is rehearsed on: the generation that its site is called after, or what its paths and release say. */
export function generationOf({ name, haproxy, persistentRules, release }: Site): GenerationName {
  const named = (Object.keys(GENERATIONS) as GenerationName[]).find((one) => one === name);
  if (named) return named;
  if (haproxy.include === 'statement') return 'fuel-10';
  if (persistentRules.startsWith('/etc/sysconfig/')) return atLeast(release, 'ussuri') ? 'rocky-9' : 'centos-7';
  return 'debian-12';
}
