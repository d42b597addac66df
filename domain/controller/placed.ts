import type { FileKind } from '../commands/catalogue';
import { executionId } from '../commands/execution';
import type { Node } from '../commands/node';
import { withInput } from '../ssh/command';
import { ifPresent } from './if-present';
import { keptOn } from './stage';

/** What an execution put in place on a controller. It holds secrets. */
export interface PlacedFiles {
  /** Its ARN. */
  readonly execution: string;
  readonly files: Readonly<Partial<Record<FileKind, string>>>;
}

/**
 * What was put in place on a controller last. `never`: nothing yet. `unknown`: the last execution that worked there ended before
 * it was done, or was of a release that kept no copies.
 */
export type Placed = PlacedFiles | 'never' | 'unknown';

const KINDS = ['magnumConf', 'fragment', 'rules'] as const satisfies FileKind[];

/**
 * Keeps copies of the managed files as Commit leaves them: what differs from them later was changed by somebody else.
 *
 * Copies, not digests: they tell which option was changed, and they hold when the site's SSH key, with which digests are keyed, is
 * replaced. Only root can read them, as what was there before, which lies beside them. All of them, not only what was staged:
 * older generations go. On the controller, not in AWS: they are there for whoever looks at it by hand, too, and no payload needs
 * to carry them. Somebody who writes between a rename and its copy, milliseconds later, is not told from the execution.
 *
 * @param execution its ARN
 */
export async function keepPlaced(node: Node, execution: string): Promise<void> {
  const { commands, run } = node;
  const own = commands.execution(executionId(execution));
  // One that begins late, after its execution was undone, leaves nothing.
  if ((await ifPresent(node, own.present)) === undefined) return;
  // There may be no file of rules.
  await Promise.all(KINDS.map((kind) => ifPresent(node, own.placed[kind].fill)));
  await run(withInput(own.placed.execution.fill, execution));
}

/** What was put in place on a controller last. */
export async function placedOn(node: Node): Promise<Placed> {
  const [latest] = await keptOn(node);
  if (latest === undefined) return 'never';
  const { placed } = node.commands.execution(latest);
  const [execution, ...contents] = await Promise.all([
    ifPresent(node, placed.execution.read),
    ...KINDS.map((kind) => ifPresent(node, placed[kind].read)),
  ]);
  if (execution === undefined) return 'unknown';
  const files = KINDS.flatMap((kind, index) => {
    const content = contents[index];
    return content === undefined ? [] : [[kind, content] as const];
  });
  return { execution, files: Object.fromEntries(files) };
}
