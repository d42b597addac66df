import type { ClusterStatus } from './status';

/** Which of pacemaker's nodes the controllers of a site document are. */
export interface NodeNames {
  /** Pacemaker's name of each controller that is a node, by the document's. */
  readonly nodeOf: ReadonlyMap<string, string>;
  /** Controllers that no node is. */
  readonly missing: readonly string[];
  /** Nodes that no controller is: HAProxy may run there, too. */
  readonly others: readonly string[];
}

/**
 * Compares names. A node may be called by its full name and the controller by its short one, or the reverse, if that is
 * not ambiguous.
 *
 * @param nodes names of all of pacemaker's nodes
 * @param controllers names in the document
 */
export function matchNodes(nodes: readonly string[], controllers: readonly string[]): NodeNames {
  const nodeOf = new Map<string, string>();
  for (const controller of controllers) {
    const exact = nodes.find((node) => node.toLowerCase() === controller.toLowerCase());
    const alike = nodes.filter((node) => isLonger(node, controller) || isLonger(controller, node));
    const [only, ...more] = exact === undefined ? alike : [exact];
    if (only !== undefined && more.length === 0) nodeOf.set(controller, only);
  }
  const taken = [...nodeOf.values()];
  // Two controllers that would be the same node are neither.
  for (const [controller, node] of nodeOf) {
    if (taken.filter((one) => one === node).length > 1 && controller.toLowerCase() !== node.toLowerCase()) {
      nodeOf.delete(controller);
    }
  }
  const matched = new Set(nodeOf.values());
  return {
    nodeOf,
    missing: controllers.filter((controller) => !nodeOf.has(controller)),
    others: nodes.filter((node) => !matched.has(node)),
  };
}

/** Nodes that HAProxy runs on, and that no controller of the document is: it would serve there without Magnum. */
export function runsElsewhere({ instances }: ClusterStatus, { others }: NodeNames): string[] {
  const active = new Set(instances.filter((one) => one.active).flatMap(({ nodes }) => nodes));
  return others.filter((node) => active.has(node));
}

/** What is known of controllers that no node is, and what to do; undefined if each is one. */
export function unlikeNames({
  missing,
  others,
}: NodeNames): { readonly evidence: string; readonly remedy: string } | undefined {
  if (missing.length === 0) return undefined;
  const nodes =
    others.length === 0 ? 'it has no other nodes' : `its nodes ${others.join(', ')} are not in the document`;
  return {
    evidence: `Pacemaker has no node called ${missing.join(' or ')}; ${nodes}`,
    remedy: "Write pacemaker's names in controllers[].name, as crm_node -l prints them.",
  };
}

/** Whether a node of pacemaker's is this controller: one of them may be called by its full name, the other by its short one. */
export function isNode(node: string, controller: string): boolean {
  return node.toLowerCase() === controller.toLowerCase() || isLonger(node, controller) || isLonger(controller, node);
}

function isLonger(full: string, short: string): boolean {
  return full.toLowerCase().startsWith(`${short.toLowerCase()}.`);
}
