import { sha256 } from '../canonical';
import {
  type ArchivedRecord,
  headKeyOf,
  intactRecord,
  PAGE_FILE,
  pageKeyOf,
  RECORD_FILE,
  type RecordLink,
} from './record';

/** A file of an archive, or of a copy of one: `…/records/SITE/RECORD/record.json`, `…/heads/SITE.json`. */
export interface ArchiveFile {
  readonly path: string;
  readonly text: string;
}

/** Something that is not as it was written. */
export interface ArchiveProblem {
  readonly kind: 'altered' | 'missing' | 'added' | 'out of order';
  /** What it is about: a file, as far as one is known. */
  readonly file: string;
  readonly detail: string;
}

/** What there is of a site. */
export interface SiteRecords {
  readonly site: string;
  readonly records: number;
  /** The first and the last number of its records; null if none is whole. */
  readonly numbers: readonly [number, number] | null;
  /** Digest of the last record: whoever has noted it can tell the whole chain by it. */
  readonly sha256: string | null;
  /** Whether the head is there: without it, nobody can tell whether a record is missing at the end. */
  readonly hasHead: boolean;
}

/** What a verification found. */
export interface ArchiveVerification {
  readonly problems: readonly ArchiveProblem[];
  readonly sites: readonly SiteRecords[];
}

type Facts = Pick<ArchivedRecord, 'key' | 'sha256' | 'sequence' | 'previous' | 'keptUntil' | 'page'>;

/** A record as it was found: null if a byte is not as it was written. */
interface Found {
  /** Where it is: `records/SITE/RECORD/record.json`. */
  readonly at: string;
  readonly facts: Facts | null;
}

interface SiteFiles {
  readonly found: Found[];
  /** Digests by key. */
  readonly pages: Map<string, string>;
  head?: Facts | null;
}

/**
 * Reads an archive and says what was altered, is missing, was added, or is out of order. It needs nothing else.
 *
 * @param now in milliseconds since 1970: records may be gone that were kept until an earlier time
 */
export async function verifyArchive(files: AsyncIterable<ArchiveFile>, now: number): Promise<ArchiveVerification> {
  const problems: ArchiveProblem[] = [];
  const sites = new Map<string, SiteFiles>();
  const of = (site: string) => {
    const known = sites.get(site) ?? { found: [], pages: new Map<string, string>() };
    sites.set(site, known);
    return known;
  };
  for await (const { path, text } of files) {
    const [site = '', record = '', file = ''] = ['', '', ...path.split('/')].slice(-3);
    const at = `records/${site}/${record}/${file}`;
    if (file === RECORD_FILE) of(site).found.push({ at, facts: factsOf(text) });
    else if (file === PAGE_FILE) of(site).pages.set(at, sha256(text));
    else if (record === 'heads' && file.endsWith('.json')) of(file.slice(0, -'.json'.length)).head = factsOf(text);
    else problems.push({ kind: 'added', file: path, detail: 'It belongs to no record.' });
  }
  const byName = [...sites].sort(([one], [other]) => (one < other ? -1 : 1));
  for (const [site, all] of byName) problems.push(...placed(site, all), ...pages(all), ...chain(site, all, now));
  return { problems, sites: byName.map(([site, all]) => summary(site, all)) };
}

/** Verifies a record by itself, with its page if that is there: what comes before and after it is not looked at. */
export function verifyRecord(at: string, text: string, page: string | undefined): ArchiveVerification {
  const record = intactRecord(text);
  if (!record) return { problems: [altered(at)], sites: [] };
  const { site, sequence, sha256: digest } = record;
  const isPageIntact = page === undefined || sha256(page) === record.page.sha256;
  const detail = 'Its digest is not the one that the record holds.';
  return {
    problems: isPageIntact ? [] : [{ kind: 'altered', file: pageKeyOf(at), detail }],
    sites: [{ site, records: 1, numbers: [sequence, sequence], sha256: digest, hasHead: false }],
  };
}

/** Of the record alone: there is no need to keep thousands of histories. */
function factsOf(text: string): Facts | null {
  const record = intactRecord(text);
  if (!record) return null;
  const { key, sha256: digest, sequence, previous, keptUntil, page } = record;
  return { key, sha256: digest, sequence, previous, keptUntil, page };
}

/** Each record whole, and where it belongs. */
function placed(site: string, { found, head }: SiteFiles): ArchiveProblem[] {
  const problems = found.flatMap(({ at, facts }): ArchiveProblem[] => {
    if (!facts) return [altered(at)];
    if (facts.key === at) return [];
    const isCopy = found.some((one) => one.at === facts.key && one.facts?.sha256 === facts.sha256);
    return isCopy
      ? [{ kind: 'added', file: at, detail: `It is a copy of ${facts.key}.` }]
      : [{ kind: 'out of order', file: at, detail: `It holds the record that belongs at ${facts.key}.` }];
  });
  if (head !== null) return problems;
  return [...problems, altered(headKeyOf(site))];
}

/** Each page as its record says; it may have been moved with it. */
function pages({ found, pages: digests }: SiteFiles): ArchiveProblem[] {
  const problems = found.flatMap(({ at, facts }): ArchiveProblem[] => {
    if (!facts) return [];
    const digest = [at, facts.key].map((key) => digests.get(pageKeyOf(key)));
    if (digest.includes(facts.page.sha256)) return [];
    const file = pageKeyOf(facts.key);
    return digest.every((one) => one === undefined)
      ? [{ kind: 'missing', file, detail: 'The page of a record that is there.' }]
      : [{ kind: 'altered', file, detail: `Its digest is not the one that ${at} holds.` }];
  });
  const without = [...digests.keys()].filter((key) => !found.some(({ at }) => pageKeyOf(at) === key));
  return [
    ...problems,
    ...without.map((key): ArchiveProblem => {
      const detail = 'Its page is there.';
      return { kind: 'missing', file: key.replace(PAGE_FILE, RECORD_FILE), detail };
    }),
  ];
}

/** Follows the chain from the head, or from the last record, back to the first that is still kept. */
function chain(site: string, { found, head, pages: digests }: SiteFiles, now: number): ArchiveProblem[] {
  const problems: ArchiveProblem[] = [];
  const broken = new Set(found.flatMap(({ at, facts }) => (facts ? [] : [at])));
  const bySequence = new Map<number, Found[]>();
  for (const one of found) {
    if (!one.facts) continue;
    bySequence.set(one.facts.sequence, [...(bySequence.get(one.facts.sequence) ?? []), one]);
  }
  const last = head?.sequence ?? Math.max(0, ...bySequence.keys());
  for (const [number, all] of bySequence) {
    if (number > last)
      problems.push(...all.map(added(`It has number ${number}, and the head of the site has ${last}.`)));
  }
  let expected: RecordLink | null | undefined = head ?? undefined;
  for (let number = last; number > 0; number--) {
    const link: RecordLink | null | undefined = expected;
    const here = bySequence.get(number) ?? [];
    const linked: Found | undefined = here.find(({ facts }) => !link || facts?.sha256 === link.sha256);
    for (const one of here) {
      if (one.facts?.sha256 === linked?.facts?.sha256) continue;
      const isRewritten = !linked && one.facts?.key === link?.key;
      const next = `the record after it names the digest ${link?.sha256 ?? ''}`;
      if (isRewritten) problems.push({ kind: 'altered', file: one.at, detail: `It was written anew: ${next}.` });
      else problems.push(added(`Number ${number} of the site is another one.`)(one));
    }
    expected = (linked ?? here[0])?.facts?.previous;
    if (here.length > 0 || (link ? broken.delete(link.key) : removeAny(broken))) continue;
    if (link && Date.parse(link.keptUntil) < now) break;
    const named = link ? digests.has(pageKeyOf(link.key)) : false;
    // Of one whose page is there it is said already.
    if (named) continue;
    const file = link?.key ?? `number ${number} of site ${site}`;
    problems.push({ kind: 'missing', file, detail: `It was number ${number} of site ${site}.` });
  }
  return problems;
}

function altered(file: string): ArchiveProblem {
  return { kind: 'altered', file, detail: 'It is not what its digest was made of.' };
}

const added =
  (detail: string) =>
  ({ at }: Found): ArchiveProblem => ({ kind: 'added', file: at, detail });

/** A record that cannot be read is one of those that are missed. */
function removeAny(files: Set<string>): boolean {
  const [any] = files;
  return any !== undefined && files.delete(any);
}

function summary(site: string, { found, head }: SiteFiles): SiteRecords {
  const whole = found.flatMap(({ facts }) => facts ?? []).sort((one, other) => one.sequence - other.sequence);
  const [first, last] = [whole[0], whole.at(-1)];
  return {
    site,
    records: found.length,
    numbers: first && last ? [first.sequence, last.sequence] : null,
    sha256: last?.sha256 ?? null,
    hasHead: head !== undefined && head !== null,
  };
}
