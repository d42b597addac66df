import { parseRule, parseRulesFile, PROGRAM, RestoreError, RuleError } from '../iptables';
import type { SimulatedController } from '../controller';
import { failure, type Program } from './program';

/** iptables -w [-v] -S [INPUT], -w -I INPUT NUMBER RULE…, -w -D INPUT NUMBER */
export const iptables: Program = ({ arguments: given, controller, who }) => {
  const counters = given[1] === '-v';
  const [wait, command, chain, ...rest] = given.filter((word, at) => at !== 1 || word !== '-v');
  const refused = (message: string, exit: number) => failure(`${name(controller)}: ${message}`, exit);
  const misused = (message: string) =>
    refused(`${message}\nTry \`iptables -h' or 'iptables --help' for more information.`, 2);
  if (who.user !== 'root') {
    return controller.generation.iptables.endsWith(')')
      ? refused('Could not fetch rule set generation id: Permission denied (you must be root)', 4)
      : refused(
          "can't initialize iptables table `filter': Permission denied (you must be root)\nPerhaps iptables or your kernel needs to be upgraded.",
          3,
        );
  }
  if (wait !== '-w') return misused(wait === undefined ? 'no command specified' : `unknown option "${wait}"`);
  if (command === '-S' && chain === undefined)
    return { exit: 0, stdout: allChains(controller.input.print(counters), counters) };
  if (chain !== 'INPUT') return failure('iptables: No chain/target/match by that name.');
  const { input } = controller;
  if (command === '-S') return { exit: 0, stdout: input.print(counters) };
  if (command !== '-I' && command !== '-D') return misused(`unknown option "${command ?? ''}"`);
  const [position = '', ...words] = rest;
  if (!/^[1-9]\d*$/.test(position)) return misused(`Invalid rule number \`${position}'`);
  try {
    if (command === '-I') input.insert(Number(position), parseRule(words));
    else input.delete(Number(position));
  } catch (error) {
    if (error instanceof RuleError) return misused(error.message);
    if (error instanceof RangeError) return failure(`iptables: ${error.message}`);
    throw error;
  }
  return { exit: 0, changed: true };
};

/** iptables-restore --test */
export const iptablesRestore: Program = async ({ arguments: options, who, ...invocation }) => {
  if (options.join(' ') !== '--test')
    return failure(`${PROGRAM('iptables-restore')}: unknown option "${options[0] ?? ''}"`, 2);
  if (who.user !== 'root') {
    return failure(
      `${PROGRAM('iptables-restore')}: Could not fetch rule set generation id: Permission denied (you must be root)`,
      4,
    );
  }
  const text = await invocation.stdin();
  try {
    parseRulesFile(text);
  } catch (error) {
    if (!(error instanceof RestoreError)) throw error;
    return { exit: error.exit, stderr: error.message };
  }
  return { exit: 0 };
};

/** The policies of all chains come first. */
function allChains(input: string, counters: boolean): string {
  const [policy = '', ...rules] = input.split('\n');
  const others = ['FORWARD', 'OUTPUT'].map((chain) => `-P ${chain} ACCEPT${counters ? ' -c 0 0' : ''}`);
  return [policy, ...others, ...rules].join('\n');
}

function name({ generation }: SimulatedController, program = 'iptables'): string {
  return `${program} ${generation.iptables}`;
}
