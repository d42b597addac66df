import { everywhere } from '../commands/everywhere';
import type { Node } from '../commands/node';
import { type Decision, explain } from '../config/firewall/decide';
import { loaderOf } from '../config/firewall/loader';
import { type FirewallOwner, opening } from '../config/firewall/owner';
import { decidePublicVip } from '../config/firewall/public-vip';
import { sockets } from '../config/haproxy';
import { type Firewall, firewallOf } from '../controller/firewall';
import type { Finding } from './finding';

/**
 * Who makes the firewall rules of the controllers, and whether these let other controllers in if somebody else makes them: what
 * magnum-ha writes there would be gone at the next reload, or stand in the way of the owner's own. Whether the file of rules is
 * loaded at boot. Whether clients are let in at the public VIP.
 */
export async function checkFirewall(nodes: readonly Node[]): Promise<Finding[]> {
  const seen = await everywhere(nodes, look);
  const foreign = seen.filter(({ firewall }) => !firewall.owner.usesFile);
  return [
    ...together(
      seen.filter(({ firewall, loader }) => firewall.managed && firewall.file !== undefined && loader === undefined),
      notLoaded,
    ),
    ...together(seen.filter(isPublicVipClosed), publicVipClosed),
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
  /** What loads the rules file at boot. */
  readonly loader: string | undefined;
  /** What becomes of connections to the public VIP; undefined if there is none, or if HAProxy has a namespace of its own. */
  readonly open: Decision | undefined;
}

async function look(node: Node): Promise<Seen> {
  const { site, commands, platform } = node;
  const [firewall, loaders] = await Promise.all([firewallOf(node), node.attempt(commands.rulesLoaders)]);
  // 1 if there is nothing, 2 if a place is missing.
  if (loaders.exitCode > 2) throw node.failure(commands.rulesLoaders, loaders);
  const [, socket] = sockets(site);
  return {
    node,
    firewall,
    loader: loaderOf(loaders.stdout.split('\n'), site.persistentRules),
    open:
      socket && platform.namespace === undefined
        ? decidePublicVip(firewall.listing, firewall.nft, socket, site)
        : undefined,
  };
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

function notLoaded(names: string, { node, firewall: { hasUfw } }: Seen): Finding {
  const path = node.site.persistentRules;
  const script = `put a script into /etc/network/if-pre-up.d that runs: iptables-restore < ${path}`;
  return {
    name: 'RulesNotLoadedAtBoot',
    severity: 'warning',
    evidence: `Nothing that runs at boot names ${path} on ${names}: Magnum's rule in it would be gone after a reboot`,
    remedy: path.startsWith('/etc/sysconfig/')
      ? 'Install iptables-services, then: systemctl enable iptables.'
      : hasUfw
        ? `Let it be loaded: ${script}. iptables-persistent would do it, too, but ufw, which is installed, would be removed.`
        : `Let it be loaded: install iptables-persistent, or ${script}.`,
  };
}

function isPublicVipClosed({ open }: Seen): boolean {
  return open !== undefined && open.cases.every(({ answer }) => answer !== 'accepted');
}

function publicVipClosed(names: string, { node: { site }, firewall: { owner }, open }: Seen): Finding {
  const [, { address, port } = { address: '', port: 0 }] = sockets(site);
  const isSure = open?.answer === 'taken' && open.cases.every(({ answer }) => answer === 'taken');
  const number = open?.cause.chain === 'INPUT' && open.cause.table === undefined ? (open.cause.number ?? '') : 1;
  const rule = `iptables -I INPUT ${number} -d ${address}/32 -p tcp --dport ${port} -j ACCEPT`.replace('  ', ' ');
  const commands =
    owner.name === 'unknown' || owner.usesFile
      ? `\`${rule}\`, and the same in ${site.persistentRules}`
      : opening(owner.name, '0.0.0.0/0', port)
          .map((line) => `\`${line}\``)
          .join(', then ');
  return {
    name: 'PublicVipClosed',
    severity: 'warning',
    evidence:
      `The firewall of ${names} ${isSure ? 'lets no client' : 'may let no client'} in at the public VIP ${address}:${port}: ` +
      (open ? explain(open) : ''),
    remedy: `Open it, to those who are to use it: ${commands}.`,
  };
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

/** The commands, with firewalld's zone that the packet was in, if it is known. */
function commands({ open }: FirewallOwner, { cause }: Decision): string {
  const chains = [cause, ...cause.through].map(({ chain }) => chain);
  const zone = chains.flatMap(
    (chain) => /^(?:filter_)?IN_(.+?)(?:_(?:pre|log|deny|allow|post))?$/.exec(chain)?.[1] ?? [],
  )[0];
  const known = zone === undefined ? open : open.slice(1).map((line) => line.replace('ZONE', zone));
  return known.map((line) => `\`${line}\``).join(', then ');
}
