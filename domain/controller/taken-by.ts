import type { Node } from '../commands/node';
import { counted } from '../config/firewall/counters';

/** How many rules a sentence names. */
const MOST_NAMED = 3;

/**
 * Which rules of a controller took packets while something was sent to it, by their packet counters, as half a sentence.
 * Undefined if none did, or the counters cannot be read.
 */
export async function takenBy({ attempt, commands }: Node, probe: () => Promise<unknown>): Promise<string | undefined> {
  const before = await attempt(commands.ruleCounters);
  await probe();
  const after = await attempt(commands.ruleCounters);
  if (before.exitCode !== 0 || after.exitCode !== 0) return undefined;
  const taken = (counted(before.stdout, after.stdout) ?? []).filter(
    ({ takes, chain }) => takes && !['FORWARD', 'OUTPUT'].includes(chain),
  );
  if (taken.length === 0) return undefined;
  return taken
    .slice(0, MOST_NAMED)
    .map(
      ({ chain, number, text, packets }) =>
        `${number === undefined ? 'the policy' : `rule ${number}`} of ${chain}, \`${text}\`, took ${packets} packets meanwhile`,
    )
    .join('; ');
}
