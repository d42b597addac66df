import type { Site } from './site/document';
import { siteOf, type SiteReference } from './site/outline';
import type { Invocation, TaskInput, TaskName, TaskOutput } from './tasks';
import type { World } from './world';

/** A task's input as its invocation carries it: with a reference to the site in place of the site. */
export type Wire<Input> = Input extends { readonly site: Site }
  ? Omit<Input, 'site'> & { readonly site: SiteReference }
  : Input;

/**
 * Runs a task with what an invocation carries; without an input, nothing: its function is awake, and that is all.
 *
 * @throws SiteUnknown, and what the task throws
 */
export async function runWired<T extends TaskName, W extends Pick<World, 'documents' | 'kept'>>(
  run: (input: TaskInput<T>, world: W) => Promise<TaskOutput<T>>,
  input: Invocation<T>['input'],
  world: W,
): Promise<TaskOutput<T> | null> {
  if (input === null) return null;
  const { site, ...others } = input as { readonly site?: SiteReference };
  const whole = site === undefined ? others : { ...others, site: await siteOf(site, world.documents, world.kept) };
  // What `Wire` took away is there again.
  return run(whole as TaskInput<T>, world);
}
