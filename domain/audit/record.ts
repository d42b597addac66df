import { canonicalJson, sha256 } from '../canonical';
import { fromJson, type HistoryEvent } from './history';

/** An execution that has ended, as DescribeExecution tells it. */
export interface EndedExecution {
  readonly executionArn?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  readonly startDate?: Date | string | undefined;
  readonly stopDate?: Date | string | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly error?: string | undefined;
  readonly cause?: string | undefined;
}

/** Where a record is, its digest, and until when it is kept (ISO 8601). */
export interface RecordLink {
  readonly key: string;
  readonly sha256: string;
  readonly keptUntil: string;
}

/**
 * What is kept of an execution for good, as canonical JSON. `audit` reads it as it reads a history. The records of a site are a
 * chain: each has the digest of the one before.
 */
export interface ArchivedRecord extends RecordLink {
  readonly format: 1;
  readonly site: string;
  /** From 1 on, in the order in which the site's executions were recorded. */
  readonly sequence: number;
  /** Null for the first one of a site. */
  readonly previous: RecordLink | null;
  readonly execution: EndedExecution;
  /** The execution's output: its report; null if it failed. */
  readonly report: unknown;
  /** The whole history. */
  readonly events: readonly HistoryEvent[];
  /** What its functions logged, the commands on the controllers; null of one that found all as wanted. */
  readonly logs: readonly string[] | null;
  /** Of the page beside it. */
  readonly page: { readonly sha256: string };
  /** Of the canonical JSON of all the rest. */
  readonly sha256: string;
}

/** What a record is made of, besides its place in the chain. */
export type RecordContent = Pick<ArchivedRecord, 'execution' | 'events' | 'logs'> & {
  readonly page: string;
  readonly retentionDays: number;
};

/** The name of the record itself, and of the page beside it. */
export const RECORD_FILE = 'record.json';
export const PAGE_FILE = 'page.html';

/** Where the records of executions are that asked for no site. */
const NO_SITE = '-';
/** As site documents have it: anything else could lead elsewhere. */
const SITE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/;
const DAY_MS = 86_400_000;
const KEY_END = /\/(\d{8})T(\d\d)(\d\d)(\d\d\.\d{3})Z-[^/]*\/record\.json$/;

/** The site that an execution asked for. */
export function siteOf({ input }: EndedExecution): string {
  const { site } = (fromJson(input) ?? {}) as { site?: unknown };
  return typeof site === 'string' && SITE_NAME.test(site) ? site : NO_SITE;
}

/** Where the record of an execution belongs: `records/SITE/START-NAME/record.json`. Names are in the order of time. */
export function keyOf(execution: EndedExecution): string {
  return `${RECORDS}${siteOf(execution)}/${stampOf(isoOf(execution.startDate))}-${execution.name ?? ''}/${RECORD_FILE}`;
}

/** What keys of records begin with. */
export const RECORDS = 'records/';

/** A time as keys of records have it. */
export function stampOf(time: string | number): string {
  return new Date(time).toISOString().replaceAll(/[-:]/g, '');
}

/** When the execution began whose record this is, in milliseconds since 1970; null if it is no record. */
export function keyTimeOf(path: string): number | null {
  const [, date = '', hour = '', minute = '', second = ''] = KEY_END.exec(path) ?? [];
  if (date === '') return null;
  return Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hour}:${minute}:${second}Z`);
}

/** The key of the page beside a record. */
export function pageKeyOf(key: string): string {
  return `${key.slice(0, -RECORD_FILE.length)}${PAGE_FILE}`;
}

/** The key of a site's head: the latest record, which is written first and then put in its place. */
export function headKeyOf(site: string): string {
  return `heads/${site}.json`;
}

/** Makes the record that follows another. @param before the latest record of the site */
export function recordAfter(before: ArchivedRecord | null, content: RecordContent): ArchivedRecord {
  const { execution, events, logs, page, retentionDays } = content;
  const link = before && { key: before.key, sha256: before.sha256, keptUntil: before.keptUntil };
  const body = {
    format: 1,
    site: siteOf(execution),
    key: keyOf(execution),
    sequence: (before?.sequence ?? 0) + 1,
    previous: link,
    keptUntil: new Date(Date.parse(isoOf(execution.stopDate)) + retentionDays * DAY_MS).toISOString(),
    execution,
    report: fromJson(execution.output) ?? null,
    events,
    logs,
    page: { sha256: sha256(page) },
  } as const;
  return { ...body, sha256: sha256(canonicalJson(body)) };
}

/**
 * Reads a record.
 *
 * @returns undefined if a single byte is not as it was written
 */
export function intactRecord(text: string): ArchivedRecord | undefined {
  const value = fromJson(text) as Partial<ArchivedRecord> | null | undefined;
  if (typeof value !== 'object' || value === null || value.format !== 1) return undefined;
  const { sha256: told, ...body } = value;
  return told === sha256(canonicalJson(body)) && text === canonicalJson(value) ? (value as ArchivedRecord) : undefined;
}

function isoOf(time: Date | string | undefined): string {
  return new Date(time ?? 0).toISOString();
}
