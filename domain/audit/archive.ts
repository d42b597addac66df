import { MagnumHaError } from '../errors';
import { audit } from './audit';
import { canonicalJson } from './canonical';
import type { HistoryEvent } from './history';
import { page } from './page';
import {
  type ArchivedRecord,
  type EndedExecution,
  headKeyOf,
  intactRecord,
  keyOf,
  pageKeyOf,
  recordAfter,
  siteOf,
} from './record';

/** An execution could not be archived; trying again is safe. */
export class RecordNotArchived extends MagnumHaError {
  override readonly name = 'RecordNotArchived';
}

/** An object of the archive, in the state that its tag names. */
export interface Stored {
  readonly text: string;
  readonly tag: string;
}

/** How an object is put. */
export interface PutRecord {
  readonly contentType: string;
  /** Only over the object with this tag, or only if there is none. @default whatever is there */
  readonly over?: { readonly tag: string } | 'nothing';
  /** Nobody can delete or change it before. ISO 8601. @default - anybody may who may write */
  readonly keptUntil?: string;
}

/** Where records are kept. */
export interface RecordStore {
  get(key: string): Promise<Stored | undefined>;
  has(key: string): Promise<boolean>;
  /** @returns whether it was put: something else may be there than `over` says */
  put(key: string, text: string, how: PutRecord): Promise<boolean>;
}

/** Where executions are. */
export interface ExecutionSource {
  describe(arn: string): Promise<EndedExecution>;
  history(arn: string): Promise<HistoryEvent[]>;
  /** What its functions logged. */
  logs(execution: EndedExecution): Promise<string[]>;
}

/** Where an archive reads and writes. */
export interface ArchiveWorld {
  readonly executions: ExecutionSource;
  readonly records: RecordStore;
  readonly retentionDays: number;
}

/** Others of the same site may come first so often. */
const TRIES = 20;

/**
 * Writes the record of an execution that has ended, once, whoever else writes records of the site at the same time: the head is
 * put only over the one that was read, and then copied into its place. Whoever stops in between is made up for by the next.
 *
 * @returns the record's key
 * @throws RecordNotArchived
 */
export async function archive(arn: string, { executions, records, retentionDays }: ArchiveWorld): Promise<string> {
  const execution = await executions.describe(arn);
  if (execution.status === 'RUNNING') throw new RecordNotArchived(`Execution ${arn} has not ended.`);
  const site = siteOf(execution);
  const key = keyOf(execution);
  if (await records.has(key)) return key;
  const [events, logs] = await Promise.all([executions.history(arn), executions.logs(execution)]);
  const html = page(audit({ execution, events, logs }));
  for (let tries = 0; tries < TRIES; tries++) {
    const head = await records.get(headKeyOf(site));
    const latest = head ? headOf(site, head.text) : null;
    if (latest) await putInPlace(records, latest);
    if (await records.has(key)) return key;
    const record = recordAfter(latest, { execution, events, logs, page: html, retentionDays });
    const { keptUntil } = record;
    await records.put(pageKeyOf(key), html, { contentType: 'text/html; charset=utf-8', keptUntil });
    const over = head ? { tag: head.tag } : 'nothing';
    const isOurs = await records.put(headKeyOf(site), canonicalJson(record), { contentType: JSON_TYPE, over });
    if (!isOurs) continue;
    await putInPlace(records, record);
    return key;
  }
  throw new RecordNotArchived(
    `Execution ${arn} of site ${site} could not be archived: ${TRIES} times in a row another record came first. It is tried again.`,
  );
}

const JSON_TYPE = 'application/json';

/** @throws RecordNotArchived */
function headOf(site: string, text: string): ArchivedRecord {
  const record = intactRecord(text);
  if (record) return record;
  throw new RecordNotArchived(
    `${headKeyOf(site)} is not as it was written. Put its earlier version back: nothing is archived of site ${site} until then.`,
  );
}

async function putInPlace(records: RecordStore, record: ArchivedRecord): Promise<void> {
  const { key, keptUntil } = record;
  if (await records.has(key)) return;
  await records.put(key, canonicalJson(record), { contentType: JSON_TYPE, over: 'nothing', keptUntil });
}
