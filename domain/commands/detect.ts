import type { Command, Outcome } from '../ssh/command';
import { type Detected, detection, type DetectionOutcomes, parseDetection } from './detection';
import type { Node } from './node';

/** As of a program that is not there. */
const SILENT: Outcome = { exitCode: 127, stdout: '', stderr: '' };

/** Finds out what the programs of a controller are, in one round trip. @throws the errors of SSH, SudoRefused */
export function detect(node: Node): Promise<Detected> {
  return ask(node, node.attempt);
}

/** The same, where any part of the answer is better than none: a command that fails has said nothing. */
export function detectWhatCanBe(node: Node): Promise<Detected> {
  return ask(node, (command) => node.attempt(command).catch(() => SILENT));
}

async function ask({ site }: Node, attempt: Node['attempt']): Promise<Detected> {
  const asked = Object.entries<Command>(detection(site));
  const answers = await Promise.all(asked.map(async ([key, command]) => [key, await attempt(command)] as const));
  return parseDetection(Object.fromEntries(answers) as DetectionOutcomes);
}
