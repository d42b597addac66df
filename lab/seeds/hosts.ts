import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Site } from '../../domain/site/document';
import type { SeedFile } from '../seed';

/**
 * A way in which other people's clouds differ from the lab's own: changes what the hosts are given before they boot.
 *
 * @param seeds the directory that `LabOptions.adapt` gets
 */
export type Variant = (seeds: string, site: Site) => void;

/** Several at once, in this order. */
export function all(...variants: readonly Variant[]): Variant {
  return (seeds, site) => {
    for (const variant of variants) variant(seeds, site);
  };
}

/** The same for every controller. */
export function onControllers(act: (seeds: string, host: string, site: Site) => void): Variant {
  return (seeds, site) => {
    for (const { name } of site.controllers) act(seeds, name, site);
  };
}

/** Gives a host a file, in place of the one of that path. */
export function put(seeds: string, host: string, file: SeedFile): void {
  const { path, content, mode = 0o644, owner = 'root:root' } = file;
  const target = fileOf(seeds, host, path);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, content);
  appendFileSync(join(seeds, host, 'owners'), `${owner} ${mode.toString(8)} ${path}\n`);
}

/** Changes a file that a host is given. */
export function edit(seeds: string, host: string, path: string, change: (content: string) => string): void {
  const target = fileOf(seeds, host, path);
  const before = readFileSync(target, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`${path} of ${host} is as it was: the seed looks for something else`);
  writeFileSync(target, after);
}

/** Takes a file away from a host. */
export function drop(seeds: string, host: string, path: string): void {
  rmSync(fileOf(seeds, host, path));
  const owners = join(seeds, host, 'owners');
  const kept = readFileSync(owners, 'utf8')
    .split('\n')
    .filter((line) => !line.endsWith(` ${path}`));
  writeFileSync(owners, kept.join('\n'));
}

/** Has a host run a shell script each time it boots, as root, before the services of OpenStack start. */
export function atBoot(seeds: string, host: string, name: string, script: string): void {
  put(seeds, host, { path: `/etc/lab-boot.d/${name}`, content: script });
}

/** Where a host's file lies among the seeds. */
export function fileOf(seeds: string, host: string, path: string): string {
  return join(seeds, host, 'root', path);
}
