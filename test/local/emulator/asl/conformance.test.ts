import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { DefinitionRefused, StatesError, type Integration } from '../../../../local/emulator/asl';
import type { JsonObject } from '../../../../local/emulator/asl/definition';
import { inJsonata } from './in-jsonata';
import { run } from './run';

// Executions recorded on AWS, which lie beside the repository and not in it: see README.md there.
const shared = process.env['MAGNUM_HA_SHARED'] ?? resolve(__dirname, '../../../../../shared');
const file = resolve(shared, 'asl-conformance/cases.json');
const present = existsSync(file);
// Jest shows no console output of a file in which every test is skipped.
if (!present) process.stderr.write(`Skipped: executions recorded on AWS are not here (${file})\n`);
const describeIfPresent = present ? describe : describe.skip;

type RecordedEvent = Record<string, unknown> & { type: string; id: number | number[]; previousEventId: number };

interface RecordedCase {
  id: string;
  definition: JsonObject;
  input: unknown;
  lambdas: Record<string, string>;
  history: RecordedEvent[];
}

interface Comparison {
  id: string;
  isJsonata: boolean;
  refused?: string;
  sameOutcome: boolean;
  sameSequence: boolean;
  /** Events whose details differ, with both. */
  differences: string[];
  events: number;
}

describeIfPresent('executions recorded on AWS', () => {
  let comparisons: Comparison[];

  beforeAll(async () => {
    const cases = JSON.parse(readFileSync(file, 'utf8')) as RecordedCase[];
    comparisons = await Promise.all(cases.map(compare));
    report(comparisons);
  });

  it('are all run that use JSONata', () => {
    const jsonata = comparisons.filter((one) => one.isJsonata);

    const refused = jsonata.filter((one) => one.refused !== undefined);

    expect(jsonata.length).toBeGreaterThanOrEqual(72);
    expect(refused).toEqual([]);
  });

  it('agree in everything for each case that is run', () => {
    const accepted = comparisons.filter((one) => one.refused === undefined);

    const wrong = accepted.filter((one) => !one.sameOutcome || !one.sameSequence || one.differences.length > 0);

    expect(wrong).toEqual([]);
  });
});

async function compare({ id, definition, input, lambdas, history }: RecordedCase): Promise<Comparison> {
  const comparison = { id, isJsonata: JSON.stringify(definition).includes('"QueryLanguage":"JSONata"'), events: 0 };
  try {
    const isOfPaths = JSON.stringify(history).includes("The JSONPath '");
    const translated = isOfPaths ? undefined : inJsonata(definition);
    if (!translated) throw new DefinitionRefused(undefined, 'QueryLanguage', 'JSONPath that has no JSONata here');
    const { events } = await run(translated, {
      input,
      integrations: lambdaIntegrations(lambdas),
    });
    return {
      ...comparison,
      sameOutcome: events.at(-1)?.type === history.at(-1)?.type,
      sameSequence: JSON.stringify(events.map(placeOf)) === JSON.stringify(history.map(placeOf)),
      differences: history.flatMap((recorded, i) => differenceOf(events[i], recorded)),
      events: history.length,
    };
  } catch (error) {
    if (!(error instanceof DefinitionRefused)) throw error;
    return { ...comparison, refused: error.message, sameOutcome: false, sameSequence: false, differences: [] };
  }
}

/** What the recorded cases' functions do, behind both kinds of Resource. */
function lambdaIntegrations(lambdas: Record<string, string>): Record<string, Integration> {
  const call = (name: string, payload: unknown): unknown => {
    const behaviour = lambdas[name] ?? 'is not there';
    if (behaviour === 'returns its input') return payload;
    const [, errorType = '', errorMessage] = /^fails with errorType (\w+), errorMessage '(.*)'$/.exec(behaviour) ?? [];
    throw new StatesError(errorType, JSON.stringify({ errorMessage, errorType, requestId: '', stackTrace: [] }));
  };
  const functions = Object.keys(lambdas).map((name): [string, Integration] => [
    `arn:aws:lambda:*:function:${name}`,
    (args) => Promise.resolve().then(() => call(name, args)),
  ]);
  return {
    'arn:aws:states:::lambda:invoke': (args) =>
      Promise.resolve().then(() => {
        const { FunctionName, Payload } = args as { FunctionName: string; Payload: unknown };
        // A Payload that is a string is JSON text already, and no Payload is an empty object.
        const payload = typeof Payload === 'string' ? (JSON.parse(Payload) as unknown) : (Payload ?? {});
        const answer = call(FunctionName.split(':').at(-1) ?? '', payload);
        return {
          ExecutedVersion: '$LATEST',
          Payload: answer,
          SdkHttpMetadata: {},
          SdkResponseMetadata: {},
          StatusCode: 200,
        };
      }),
    ...Object.fromEntries(functions),
  };
}

/** Where an event stands. An id in brackets was recorded of an event whose place was not fixed. */
function placeOf({ type, id, previousEventId }: RecordedEvent | HistoryEvent): unknown[] {
  return Array.isArray(id) ? [type] : [type, id, previousEventId];
}

function differenceOf(event: HistoryEvent | undefined, recorded: RecordedEvent): string[] {
  const details = (from: object): unknown => Object.entries(from).find(([key]) => key.endsWith('EventDetails'))?.[1];
  const own = details(event ?? {});
  const theirs = details(recorded);
  if (matches(own, theirs)) return [];
  return [`${recorded.type}: ${JSON.stringify(own)} instead of ${JSON.stringify(theirs)}`];
}

/** Whether a value agrees with a recorded one, in which JSON may stand parsed and some strings are masks. */
function matches(own: unknown, recorded: unknown): boolean {
  if (typeof own === 'string' && typeof recorded === 'string' && mask(recorded).test(own)) return true;
  const [value, expected] = [parsed(own), parsed(recorded)];
  if (typeof value !== 'object' || typeof expected !== 'object' || value === null || expected === null) {
    return value === expected;
  }
  if (Array.isArray(value) !== Array.isArray(expected)) return false;
  const [fields, expectedFields] = [value as Record<string, unknown>, expected as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(fields), ...Object.keys(expectedFields)])];
  return keys.every((key) => isUncompared(key) || matches(fields[key], expectedFields[key]));
}

/** What a recorded string stands for. */
function mask(text: string): RegExp {
  if (/^arn:|^(timestamp|date|snf_role_arn|lambda_function_name)$/.test(text)) return /^/;
  const literal = text.split(/<[^<>]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${literal.join('.*')}$`, 's');
}

function isUncompared(key: string): boolean {
  return /^(Sdk\w+Metadata|stackTrace|requestId)$/.test(key);
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}

function report(comparisons: Comparison[]): void {
  const lines = [true, false].map((isJsonata) => {
    const all = comparisons.filter((one) => one.isJsonata === isJsonata);
    const accepted = all.filter((one) => one.refused === undefined);
    const count = (list: Comparison[], test: (one: Comparison) => boolean): number => list.filter(test).length;
    const events = accepted.reduce((sum, one) => sum + one.events, 0);
    const differing = accepted.reduce((sum, one) => sum + one.differences.length, 0);
    return [
      `${isJsonata ? 'with' : 'without'} JSONata: ${all.length} cases, ${all.length - accepted.length} refused;`,
      `outcome agrees in ${count(accepted, (one) => one.sameOutcome)},`,
      `sequence in ${count(accepted, (one) => one.sameSequence)},`,
      `details in ${events - differing} of ${events} events`,
    ].join(' ');
  });
  const refusals = comparisons.flatMap((one) =>
    one.isJsonata && one.refused ? [`refused ${one.id}: ${one.refused}`] : [],
  );
  const reasons = new Map<string, number>();
  for (const one of comparisons) {
    if (one.isJsonata || one.refused === undefined) continue;
    const reason = one.refused.replace(/^.*?', /, '');
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const others = [...reasons].map(([reason, count]) => `refused ${count} without JSONata: ${reason}`);
  console.log([...lines, ...refusals, ...others].join('\n'));
}
