import { writeFileSync } from 'node:fs';
import type { Report } from '../domain/report/report';
import type { Site } from '../domain/site/document';
import { startLocal } from '../local/deploy';
import type { ExecutionResult } from '../local/emulator/asl';
import type { Deployment } from '../local/emulator/aws/deployment';
import { progress, type Terminal } from './progress';
import { findingsText, reportText } from './report-text';
import { style } from './style';

/** What a run can be told. */
export interface RunOptions {
  readonly site: Site;
  /** Modes to run, in this order. */
  readonly modes: readonly ('apply' | 'check')[];
  /** No colour, no lines written over. */
  readonly plain: boolean;
  /** File for the first execution's output. */
  readonly report?: string;
  /** File for the first execution's events. */
  readonly history?: string;
}

/** Runs the workflow on the simulated site, see `runModes`. */
export async function localRun(options: RunOptions, terminal: Terminal): Promise<number> {
  const paint = style(options.plain);
  terminal.write(`${paint('dim', 'Synthesizing the stack and bundling its functions …')}\n`);
  const local = await startLocal(options.site, { bare: options.site.bootstrap });
  terminal.write(
    `Site ${options.site.name}, simulated: ${options.site.controllers.length} controllers behind an SSH bastion on loopback. ` +
      `Every step takes its true time, but time in which nothing happens is skipped.\n`,
  );
  try {
    return await runModes(local.deployment, options, terminal);
  } finally {
    await local.close();
  }
}

/**
 * Runs one execution for each mode and tells what it does and what came of it: the synthesized state machine with the
 * bundles that would be deployed.
 *
 * @returns the exit code: 0 done, 1 an execution failed, 2 the last execution found drift that is left
 */
export async function runModes(deployment: Deployment, options: RunOptions, terminal: Terminal): Promise<number> {
  const paint = style(options.plain);
  const say = (text: string) => {
    terminal.write(`${text}\n`);
  };
  let code = 0;
  for (const [index, mode] of options.modes.entries()) {
    say(`\n${paint('bold', `Execution ${index + 1}: {"site": "${options.site.name}", "mode": "${mode}"}`)}`);
    const started = Date.now();
    const show = progress({ ...terminal, interactive: terminal.interactive && !options.plain }, paint);
    const result = await deployment.start('magnum-ha', { input: { site: options.site.name, mode }, onEvent: show })
      .result;
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    const took = ((result.stopDate.getTime() - result.startDate.getTime()) / 1000).toFixed(1);
    say(`${result.status}: ${took} s as on AWS, ${seconds} s here, ${result.events.length} events\n`);
    if (index === 0) save(options, result);
    // If one execution failed the exit code is 1, whatever the next one does.
    code = code === 1 ? 1 : conclude(result);
  }
  return code;

  function conclude(result: ExecutionResult): number {
    if (result.status !== 'SUCCEEDED') {
      say(`${paint('red', result.error ?? result.status)}: ${result.cause ?? 'no cause was given'}`);
      say(findingsText(findingsOf(result), paint));
      return 1;
    }
    const report = result.output as Report;
    say(reportText(report, paint));
    if (report.outcome === 'drift') return 2;
    if (report.outcome === 'unchanged')
      say(paint('green', 'Nothing to change: nothing was written, restarted or cycled.'));
    return 0;
  }
}

/** What was found before an execution ended without a report. */
function findingsOf({ events }: ExecutionResult): Report['findings'] {
  const outputs = events.flatMap(({ taskSucceededEventDetails: details }) => (details?.output ? [details.output] : []));
  const payloads = outputs.map((output) => (JSON.parse(output) as { Payload?: Partial<Report> }).Payload);
  return payloads.findLast((payload) => payload?.findings)?.findings ?? [];
}

function save({ report, history }: RunOptions, { output, events, error, cause }: ExecutionResult): void {
  const write = (file: string, value: unknown) => {
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  };
  if (report !== undefined) write(report, output ?? { error, cause });
  if (history !== undefined) write(history, { events });
}
