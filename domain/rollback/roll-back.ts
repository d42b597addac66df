import { executionId } from '../commands/execution';
import type { SiteConnection } from '../commands/site-connection';
import type { Node } from '../commands/node';
import { messageOf } from '../errors';
import type { Staged } from '../controller/stage';
import { type Restored, restoreFiles, restoreRules, staleServices, type Undoing } from './restore';

/** What is undone. */
export interface RollBackInput {
  /** Its ARN. */
  readonly execution: string;
  readonly staged: readonly Staged[];
  /** Everything, or only the fragment: HAProxy does not start with it, and the rest is to be kept. */
  readonly scope: 'everything' | 'fragment' | 'nothing';
}

/** How far it has come. */
export interface RollBack {
  /** Those that were reached. */
  readonly controllers: readonly Restored[];
  /** Those on which something went wrong: the next attempt does what is missing. */
  readonly failed: readonly { readonly controller: string; readonly error: string }[];
}

/**
 * Returns every controller to its state before an execution, and takes away what was staged: first the fragments everywhere,
 * because HAProxy may wait for them, then everything else. A controller that fails does not keep the others from it. Safe to
 * repeat.
 */
export async function rollBack(
  { site, nodes, secrets }: SiteConnection,
  { execution, staged, scope }: RollBackInput,
): Promise<RollBack> {
  const undoing: Undoing = { execution, key: secrets.reveal(site.ssh.privateKey.ssm) };
  const places = nodes.flatMap((node) => {
    const of = staged.find(({ controller }) => controller === node.name);
    return of ? [{ node, of }] : [];
  });
  const fragments = await Promise.allSettled(
    places.map(({ node, of }) => restoreFiles(node, scope === 'nothing' ? [] : of.files, ['fragment'], undoing)),
  );
  const results = await Promise.allSettled(
    places.map(async ({ node, of }, index): Promise<Restored> => {
      const fragment = fragments[index];
      if (fragment?.status !== 'fulfilled') throw fragment?.reason;
      if (scope !== 'everything') {
        const own = node.commands.execution(executionId(execution));
        await node.run(own.discard);
        if (scope === 'fragment') await node.run(own.placed.disown);
        return { controller: node.name, ...fragment.value, firewall: false, stale: [] };
      }
      return restoreRest(node, of, fragment.value, undoing);
    }),
  );
  return {
    controllers: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failed: results.flatMap((result, index) =>
      result.status === 'rejected'
        ? [{ controller: places[index]?.node.name ?? '', error: messageOf(result.reason) }]
        : [],
    ),
  };
}

async function restoreRest(
  node: Node,
  staged: Staged,
  fragment: Awaited<ReturnType<typeof restoreFiles>>,
  undoing: Undoing,
): Promise<Restored> {
  const firewall = await restoreRules(node, staged, undoing);
  const rest = await restoreFiles(node, staged.files, ['rules', 'magnumConf'], undoing);
  const left = [...fragment.left, ...rest.left];
  const own = node.commands.execution(executionId(undoing.execution));
  // What could not be put back is not thrown away.
  await node.run(left.length > 0 ? own.discard : own.forget);
  if (left.length > 0) await node.run(own.placed.disown);
  const rewritten = staged.files.some(({ kind, rewritten }) => kind === 'magnumConf' && rewritten);
  return {
    controller: node.name,
    asBefore: [...fragment.asBefore, ...rest.asBefore],
    left,
    firewall,
    stale: rewritten ? await staleServices(node) : [],
    haproxyStale: fragment.haproxyStale,
  };
}
