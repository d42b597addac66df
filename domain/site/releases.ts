/** OpenStack releases from Newton on, oldest first. Source: https://releases.openstack.org/ */
export const RELEASES = [
  'newton',
  'ocata',
  'pike',
  'queens',
  'rocky',
  'stein',
  'train',
  'ussuri',
  'victoria',
  'wallaby',
  'xena',
  'yoga',
  'zed',
  '2023.1',
  '2023.2',
  '2024.1',
  '2024.2',
  '2025.1',
  '2025.2',
  '2026.1',
] as const;

/** An OpenStack release by its code name, or from 2023.1 on by its number. */
export type Release = (typeof RELEASES)[number];

/** The code names of releases that have numbers. */
const CODE_NAMES: Readonly<Record<string, Release>> = {
  antelope: '2023.1',
  bobcat: '2023.2',
  caracal: '2024.1',
  dalmatian: '2024.2',
  epoxy: '2025.1',
  flamingo: '2025.2',
  gazpacho: '2026.1',
};

/** The release that somebody means who writes `Pike`, `Caracal` or the number 2024.1; undefined if there is none. */
export function releaseMeant(written: unknown): Release | undefined {
  const name = String(written).trim().toLowerCase();
  return (
    RELEASES.find((release) => release === name) ?? (Object.hasOwn(CODE_NAMES, name) ? CODE_NAMES[name] : undefined)
  );
}

/** Whether `release` is `since` or later. */
export function atLeast(release: Release, since: Release): boolean {
  return RELEASES.indexOf(release) >= RELEASES.indexOf(since);
}

/** Magnum's major version by release: Newton has 3, and every release since has the next one. */
const NEWTON_MAJOR = 3;

/**
 * The release that a version of Magnum belongs to, as `magnum-conductor --version` prints it; undefined for one that is
 * older than Newton, or newer than all that are known here.
 */
export function releaseOfMagnum(version: string): Release | undefined {
  return RELEASES[Number(version.split('.')[0]) - NEWTON_MAJOR];
}

/** The version of a release's Magnum, as `releaseOfMagnum` reads it. */
export function magnumMajor(release: Release): number {
  return RELEASES.indexOf(release) + NEWTON_MAJOR;
}
