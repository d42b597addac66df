import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { MagnumHaError, messageOf } from '../domain/errors';
import type { Site } from '../domain/site/document';
import { parseSite } from '../domain/site/parse';
import type { RunOptions } from './run';

type Options = NonNullable<ParseArgsConfig['options']>;

/** What the options of a run say, one line each. */
export const RUN_OPTIONS = `    --site FILE                another site document (default: sites/golden.json)
    --mode apply|check         one execution in this mode (default: apply, then check)
    --report FILE              write the first execution's output as JSON
    --history FILE             write the first execution's events as JSON, as GetExecutionHistory returns them
    --plain                    no colour, one line an event (default if the output is not a terminal)
    --help                     this text`;

/** An option is wrong, or names a file that cannot be read or written. */
export class UsageError extends MagnumHaError {
  override readonly name = 'UsageError';
}

/**
 * Reads the options of a run, and the site document that they name.
 *
 * @param further options besides those of every run
 * @param help the command that prints all options
 * @returns undefined if help is asked for
 * @throws UsageError, SiteDocumentInvalid
 */
export function runOptions(args: string[], help: string, further: Options = {}): RunOptions | undefined {
  const { values } = parse(args, help, further);
  const { site, mode, report, history, plain } = values;
  if (values.help) return undefined;
  if (mode !== undefined && mode !== 'apply' && mode !== 'check') {
    throw new UsageError(`--mode must be apply or check, not ${mode}. All options: ${help}`);
  }
  const document = siteAt(site);
  // Now: if it failed at the end, the output of the whole run would be lost.
  for (const output of [report, history]) if (output !== undefined) refuseUnwritable(output);
  return {
    site: document,
    modes: mode ? [mode] : ['apply', 'check'],
    plain,
    ...(report ? { report } : {}),
    ...(history ? { history } : {}),
  };
}

/** Reads a site document. @throws UsageError, SiteDocumentInvalid */
export function siteAt(file: string): Site {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`The site document cannot be read: ${messageOf(error)}`);
  }
  return parseSite(file, text);
}

function parse(args: string[], help: string, further: Options) {
  const options = {
    site: { type: 'string', default: join(__dirname, '..', 'sites', 'golden.json') },
    mode: { type: 'string' },
    report: { type: 'string' },
    history: { type: 'string' },
    plain: { type: 'boolean', default: !process.stdout.isTTY },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    // TypeScript knows the types of these only without the further ones.
    return parseArgs({ args, options: { ...further, ...options } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}. All options: ${help}`);
  }
}

/** @throws UsageError */
function refuseUnwritable(file: string): void {
  try {
    const existing = statSync(file, { throwIfNoEntry: false });
    if (existing?.isDirectory()) throw new Error(`${file} is a directory`);
    accessSync(existing ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new UsageError(`${file} cannot be written: ${messageOf(error)}`);
  }
}
