import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import { type Decision, explain } from '../config/firewall/decide';
import type { FirewallOwner } from '../config/firewall/owner';
import { type Firewall, firewallOf } from '../controller/firewall';
import type { Finding } from './finding';

/**
 * Who makes the firewall rules of the controllers, and whether these let other controllers in where somebody else makes
 * them: what magnum-ha writes there would be gone at the next reload, or stand in the way of the owner's own.
 */
export async function checkFirewall(nodes: readonly Node[]): Promise<Finding[]> {
  const seen = await everywhere(nodes, async (node): Promise<Seen> => ({ node, firewall: await firewallOf(node) }));
  const foreign = seen.filter(({ firewall }) => !firewall.owner.usesFile);
  return [
    ...together(
      foreign.filter(({ firewall }) => firewall.decision.answer === 'taken'),
      ownedByOther,
    ),
    ...together(
      foreign.filter(({ firewall }) => firewall.decision.answer === 'undecidable'),
      undecidable,
    ),
  ];
}

interface Seen {
  readonly node: Node;
  readonly firewall: Firewall;
}

/** What is found alike on several controllers is told once. */
function together(seen: readonly Seen[], finding: (names: string, one: Seen) => Finding): Finding[] {
  const groups = new Map<string, [Seen, ...Seen[]]>();
  for (const one of seen) {
    const { evidence } = finding('', one);
    const group = groups.get(evidence);
    if (group) group.push(one);
    else groups.set(evidence, [one]);
  }
  return [...groups.values()].map((group) => finding(group.map(({ node }) => node.name).join(', '), group[0]));
}

function ownedByOther(names: string, { node, firewall: { owner, decision } }: Seen): Finding {
  return {
    name: 'FirewallOwnedByOther',
    severity: 'error',
    evidence:
      `${owner.name} makes the firewall rules of ${names} (${owner.evidence}), and they are closed to other controllers on port ` +
      `${node.site.magnum.apiPort}: ${explain(decision)}`,
    remedy:
      `Open the port there with ${owner.name}'s own means: ${commands(owner, decision)}. magnum-ha writes no rule beside ` +
      `${owner.name}'s, which would be lost the next time they are loaded.`,
  };
}

function undecidable(names: string, { node, firewall: { owner, decision } }: Seen): Finding {
  return {
    name: 'FirewallUndecided',
    severity: 'warning',
    evidence:
      `${owner.name} makes the firewall rules of ${names} (${owner.evidence}), and whether they are open to other controllers ` +
      `on port ${node.site.magnum.apiPort} cannot be told: ${explain(decision)}`,
    remedy:
      `If they are not: ${commands(owner, decision)}. An apply asks every Magnum API from the other controllers before it ` +
      'disables HAProxy, and goes no further if one does not answer.',
  };
}

/** The commands, with the zone of firewalld that the packet was in where it is known. */
function commands({ open }: FirewallOwner, { cause }: Decision): string {
  const chains = [cause, ...cause.through].map(({ chain }) => chain);
  const zone = chains.flatMap(
    (chain) => /^(?:filter_)?IN_(.+?)(?:_(?:pre|log|deny|allow|post))?$/.exec(chain)?.[1] ?? [],
  )[0];
  const known = zone === undefined ? open : open.slice(1).map((line) => line.replace('ZONE', zone));
  return known.map((line) => `\`${line}\``).join(', then ');
}
