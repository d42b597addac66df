import type { Site } from '../../site/document';
import type { Socket } from '../haproxy';
import { CLIENT_PORTS } from '../iptables';
import { type Decision, decide } from './decide';
import { subtract } from './intervals';
import { parseNft } from './nft';
import type { RuleTable } from './table';
import { ALL_ADDRESSES, parseNetwork } from './values';

/**
 * Whether the rules that run let clients in at the public VIP from anywhere but the management network: some of them are enough,
 * as it may be meant for some only.
 *
 * @param table what `iptables -S` prints, parsed
 * @param nft what `nft list ruleset` prints
 */
export function decidePublicVip(
  table: RuleTable,
  nft: string,
  { address, port }: Socket,
  { managementNetwork }: Site,
): Decision | undefined {
  const known = [managementNetwork, '127.0.0.0/8', `${address}/32`].flatMap((one) => parseNetwork(one) ?? []);
  const sources = subtract(ALL_ADDRESSES, known);
  const destinations = parseNetwork(address);
  if (sources.length === 0 || !destinations) return undefined;
  const { tables, hooks } = parseNft(nft);
  return decide([table, ...tables], { sources, sourcePorts: CLIENT_PORTS, destinations, port }, hooks);
}
