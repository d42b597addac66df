import { basename, dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import type { Site } from '../site/document';

/** Where HAProxy reads its configuration. */
type Files = Pick<Site['haproxy'], 'configFile' | 'fragmentDirectory'>;

/** A section of HAProxy's configuration, as far as it is known where it listens. */
export interface HaproxySection {
  /** The file that it is in. */
  readonly file: string;
  readonly keyword: string;
  /** Empty if it has none, as `defaults` may. */
  readonly name: string;
  /** What its `bind` lines say before their first blank: addresses with ports. */
  readonly binds: readonly string[];
  /** Its own mode. */
  readonly mode: string | undefined;
}

/** What HAProxy's configuration says of its sections. */
export interface HaproxySections {
  /** In the order in which HAProxy reads them. */
  readonly sections: readonly HaproxySection[];
  /** The patterns of Fuel's `include` lines, absolute. */
  readonly includes: readonly string[];
}

/**
 * Reads the lines that `haproxySections` of the catalogue finds. Of `bind` lines only the addresses count: what comes behind
 * names certificates and keys.
 */
export function parseSections(lines: string, files: Files): HaproxySections {
  const found = lines.split('\n').flatMap((line) => {
    const [, file = '', text = ''] = /^(\/[^:]*):(.*)$/.exec(line) ?? [];
    return isRead(file, files) ? [{ file, words: text.trim().split(/\s+/) }] : [];
  });
  const main = normalize(files.configFile);
  const rank = (file: string) => (file === main ? '' : file);
  const sections: (HaproxySection & { binds: string[]; mode: string | undefined })[] = [];
  const includes: string[] = [];
  // grep has the fragments in the order of the directory, HAProxy in that of their names.
  for (const { file, words } of found.sort((a, b) => compare(rank(a.file), rank(b.file)))) {
    const [keyword = '', first = '', second] = words;
    const section = sections.at(-1);
    if (keyword === 'bind') section?.binds.push(...first.split(','));
    else if (keyword === 'mode') {
      if (section) section.mode = first;
    } else if (keyword === 'include') {
      includes.push(isAbsolute(first) ? first : join(dirname(files.configFile), first));
    } else {
      // Before HAProxy 1.5 a section could say itself where it listens.
      const binds = second?.includes(':') ? second.split(',') : [];
      sections.push({ file, keyword, name: first, binds, mode: undefined });
    }
  }
  return { sections, includes };
}

/** HAProxy's listeners, one a line: the section's name, and where it listens. */
export function listenersOf({ sections }: HaproxySections): string[] {
  return sections.flatMap(({ name, binds }) => (binds.length > 0 ? [`${name} (${binds.join(', ')})`] : []));
}

/** Whether a section takes what goes to an address and port. `unknown`: to that port, of an address that only HAProxy can tell. */
export function takes({ binds }: HaproxySection, address: string, port: number): boolean | 'unknown' {
  const answers = binds.map((bind) => bindTakes(bind, address, port));
  return answers.includes(true) || (answers.includes('unknown') && 'unknown');
}

/** The mode that a section without one of its own has at this place: that of the last `defaults` before it. */
export function modeBefore({ sections }: HaproxySections, file: string, { configFile }: Files): string {
  const before = sections.filter(
    (one) => one.keyword === 'defaults' && (one.file === normalize(configFile) || one.file < file),
  );
  return before.at(-1)?.mode ?? 'tcp';
}

/** Of the directory HAProxy reads the files that end in .cfg and are not hidden, and none below it. */
function isRead(file: string, { configFile, fragmentDirectory }: Files): boolean {
  if (file === normalize(configFile)) return true;
  return dirname(file) === resolve(fragmentDirectory) && /^[^.].*\.cfg$/.test(basename(file));
}

function bindTakes(bind: string, address: string, port: number): boolean | 'unknown' {
  const [, host = '', from, to = from] = /^(.*):(\d+)(?:-(\d+))?$/.exec(bind.replaceAll(/"/g, '')) ?? [];
  if (from === undefined || port < Number(from) || port > Number(to)) return false;
  const plain = host.replace(/^ipv[46]@/, '').replace(/^\[(.*)\]$/, '$1');
  if (['', '*', '0.0.0.0', '::', address].includes(plain)) return true;
  return /^[\d.]+$|:/.test(plain) ? false : 'unknown';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
