import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answer } from '../../../../domain/config/firewall/decide';

const FOLDER = join(__dirname, 'rules');

/** A rules file of `rules/`, written after real ones, and what is expected of it. */
export interface Example {
  readonly name: string;
  readonly text: string;
  /** Whose rules they are like. */
  readonly like: string;
  /** What becomes of new connections to the port of the API on node-1 of the golden site, as the file is. */
  readonly before: Answer;
  /** The rule that decides, or `policy`. */
  readonly by: string;
  /** What becomes of them once Magnum's rule is in place, if not `accepted`. */
  readonly after?: Answer;
  /** The line after Magnum's rule, once that is in place. */
  readonly next: string;
  /** Sets that the rules need, as commands for ipset. */
  readonly sets?: readonly string[];
  /** Whether iptables-restore does not take the file: always, the legacy one, or some versions, also by a crash. */
  readonly refused?: 'always' | 'legacy' | 'by some';
}

export const EXAMPLES: readonly Example[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.v4'))
  .map((file) => {
    const name = file.replace(/\.v4$/, '');
    const read = (ending: string) => readFileSync(join(FOLDER, `${name}.${ending}`), 'utf8');
    return { name, text: read('v4'), ...(JSON.parse(read('json')) as Omit<Example, 'name' | 'text'>) };
  });
