import { MagnumHaError } from '../errors';
import type { Clock } from '../world';
import { type Audit, audit } from './audit';
import { canonicalJson } from '../canonical';
import type { HistoryEvent } from './history';
import { executionOf, type Look } from './look';
import { page } from './page';
import {
  type ArchivedRecord,
  type EndedExecution,
  headKeyOf,
  intactRecord,
  keyOf,
  pageKeyOf,
  type RecordContent,
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
  readonly clock: Clock;
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
export async function archive(arn: string, world: ArchiveWorld): Promise<string> {
  const { executions, records } = world;
  const execution = await executions.describe(arn);
  if (execution.status === 'RUNNING') throw new RecordNotArchived(`Execution ${arn} has not ended.`);
  const key = keyOf(execution);
  if (await records.has(key)) return key;
  const events = await executions.history(arn);
  const audited = audit({ execution, events });
  const logs = await logsFor(audited, execution, world);
  return write({ execution, events, logs }, logs === null ? audited : audit({ execution, events, logs }), world);
}

/** Likewise, the record of a look of the fleet machine at a site that is as wanted. @throws RecordNotArchived */
export async function archiveLook(look: Look, world: Pick<ArchiveWorld, 'records' | 'retentionDays'>): Promise<string> {
  const { execution, events } = executionOf(look);
  const key = keyOf(execution);
  if (await world.records.has(key)) return key;
  return write({ execution, events, logs: null }, audit({ execution, events }), world);
}

async function write(
  { execution, events, logs }: Pick<RecordContent, 'execution' | 'events' | 'logs'>,
  audited: Audit,
  { records, retentionDays }: Pick<ArchiveWorld, 'records' | 'retentionDays'>,
): Promise<string> {
  const site = siteOf(execution);
  const key = keyOf(execution);
  const html = page(audited);
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
    `Execution ${execution.executionArn ?? ''} of site ${site} could not be archived: ${TRIES} times in a row another record came first. It is tried again.`,
  );
}

/** So long lines are on their way to CloudWatch Logs, in milliseconds. */
const LOGS_COME_MS = 30_000;

/** Of an execution that found all as wanted nobody asks for the commands: they only looked. That saves most of the time. */
async function logsFor({ verdict }: Audit, execution: EndedExecution, { executions, clock }: ArchiveWorld) {
  if (verdict.outcome === 'unchanged' || verdict.outcome === 'skipped') return null;
  await clock.sleep(Math.max(0, new Date(execution.stopDate ?? 0).getTime() + LOGS_COME_MS - clock.now()));
  return executions.logs(execution);
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
