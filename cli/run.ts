import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DescribeExecutionOutput } from '@aws-sdk/client-sfn';
import type { ExecutionRecord } from '../domain/audit/audit';
import { seenInCloud } from '../domain/findings/seen-in-cloud';
import type { Site } from '../domain/site/document';
import { startLocal } from '../local/deploy';
import type { SnapshotRead } from '../local/rehearsal/snapshot';
import { GENERATIONS, generationOf } from '../local/simulated-site';
import type { Deployment } from '../local/emulator/aws/deployment';
import type { Bucket } from '../local/emulator/aws/s3';
import type { LogLine } from '../local/emulator/aws/functions';
import { conclude } from './conclude';
import { type CommonOptions, type Context, EXIT, styleFor } from './context';
import type { Planned } from './incidents';
import { Progress } from './progress';

/** What a run can be told. */
export interface RunOptions extends CommonOptions {
  readonly site: Site;
  /** Modes to run, in this order. */
  readonly modes: readonly ('apply' | 'check')[];
  /** File for the first execution's output. */
  readonly report?: string;
  /** File for the first execution's record. */
  readonly history?: string;
  /** Directory for the records of all. */
  readonly archive?: string;
  /** Done between the first execution and the second; if the first fails, there is no second then. */
  readonly between?: () => Promise<void>;
}

interface Ended extends ExecutionRecord {
  readonly execution: DescribeExecutionOutput;
}

/** What of a run on the simulated site is besides. */
interface LocalRunOptions extends RunOptions {
  /** What a check saw of the real site; without, its cloud has all that the document names. */
  readonly snapshot?: SnapshotRead;
  /** What happens once the first execution has gone well. */
  readonly drifts: readonly Planned[];
  /** What happens after them; without any, at first. */
  readonly faults: readonly Planned[];
}

/** Where executions run. */
export interface Runner {
  readonly deployment: Deployment;
  /** Every line the functions printed. */
  readonly logs: readonly LogLine[];
}

/** Runs the workflow on the simulated site, see `runModes`. */
export async function localRun(options: LocalRunOptions, context: Context): Promise<number> {
  const say = sayer(options, context);
  say(styleFor(context, options)('dim', 'Synthesizing the stack and bundling its functions …'));
  const { snapshot } = options;
  const generation = snapshot?.generation ?? generationOf(options.site);
  const local = await startLocal(options.site, {
    bare: options.site.bootstrap,
    generation,
    cloud: snapshot?.cloud ?? seenInCloud(options.site, []),
  });
  if (snapshot) say(`As it was at ${snapshot.seenAt}, when this looked: ${snapshot.execution}`);
  say(
    `Site ${options.site.name}, simulated: ${options.site.controllers.length} controllers with ` +
      `${GENERATIONS[generation].system}\nbehind an SSH bastion on loopback. Everything takes its true ` +
      `time; time in which\nnothing happens is skipped.`,
  );
  const happen = async (kind: string, all: readonly Planned[]) => {
    for (const { text, happen: doIt } of all) {
      await doIt(local.site);
      say(styleFor(context, options)('bold', `\n${kind}: ${text}`));
    }
  };
  const { drifts, faults } = options;
  const between = async () => {
    await happen('Drift', drifts);
    await happen('Fault', faults);
  };
  try {
    if (drifts.length === 0) await happen('Fault', faults);
    const code = await runModes(local, { ...options, ...(drifts.length > 0 && { between }) }, context);
    if (options.archive !== undefined) {
      await local.settled();
      copyRecords(local.deployment.buckets, options.archive);
      say(`\nRecords are in ${options.archive}. To verify them: magnum-ha verify ${options.archive}`);
    }
    return code;
  } finally {
    await local.close();
  }
}

/**
 * Runs one execution for each mode and tells what it does and what came of it: the synthesized state machine with the
 * bundles that would be deployed.
 *
 * @returns the exit code: that of the first execution that failed, else of the last
 */
export async function runModes({ deployment, logs }: Runner, options: RunOptions, context: Context): Promise<number> {
  const { out, clock } = context;
  const style = styleFor(context, options);
  const say = sayer(options, context);
  const interactive = out.interactive && options.plain !== true;
  let code: number = EXIT.done;
  for (const [index, mode] of options.modes.entries()) {
    say(`\n${style('bold', `Execution ${index + 1}: {"site": "${options.site.name}", "mode": "${mode}"}`)}`);
    const started = clock.now();
    const write = (text: string) => {
      if (!options.json) out.write(text);
    };
    const progress = new Progress({ write, interactive }, style);
    const input = { site: options.site.name, mode };
    const execution = deployment.start('magnum-ha', {
      input,
      onEvent: (event) => {
        progress.take(event);
      },
    });
    const { events, startDate, stopDate } = await execution.result;
    const seconds = (ms: number) => (ms / 1000).toFixed(1);
    const took = stopDate.getTime() - startDate.getTime();
    say(`done: ${seconds(took)} s as on AWS, ${seconds(clock.now() - started)} s here\n`);
    const own = logs.filter(({ text }) => text.includes(execution.executionArn)).map(({ text }) => text);
    const ended: Ended = { execution: execution.describe(), events, logs: own };
    if (index === 0) save(options, ended);
    const result = conclude(context, options, ended);
    if (code !== EXIT.failed) code = result;
    if (index > 0 || !options.between) continue;
    if (code === EXIT.failed) {
      say('\nIt failed, so nothing drifted and nothing follows.');
      break;
    }
    await options.between();
  }
  return code;
}

/** Writes what the stack keeps of executions, as `aws s3 sync` would. */
function copyRecords(buckets: Iterable<Bucket>, directory: string): void {
  for (const bucket of buckets) {
    for (const { key, body } of ['records/', 'heads/'].flatMap((prefix) => bucket.list({ prefix }).objects)) {
      const file = join(directory, key);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, body);
    }
  }
}

function sayer({ json }: CommonOptions, { out }: Context): (text: string) => void {
  return (text) => {
    if (!json) out.write(`${text}\n`);
  };
}

function save({ report, history }: RunOptions, ended: Ended): void {
  const write = (file: string, value: unknown) => {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  };
  const { output, error, cause } = ended.execution;
  if (report !== undefined) write(report, output === undefined ? { error, cause } : (JSON.parse(output) as unknown));
  if (history !== undefined) write(history, ended);
}
