import { type Command, isSame, parseCommand, type Rule } from './rule';

/** What becomes of a packet that no rule of a chain decides; `unsure` if that depends on iptables' version. */
export type Policy = 'ACCEPT' | 'DROP' | 'unsure';

/** A table, as far as it could be read. */
export interface RuleTable {
  /** `filter`, `raw`, … */
  readonly name: string;
  /** The rules of each chain, in order. */
  readonly chains: ReadonlyMap<string, readonly Rule[]>;
  /** Of built-in chains. Without one it is ACCEPT. */
  readonly policies: ReadonlyMap<string, Policy>;
}

/** A part of a rules file from `*TABLE` to `COMMIT`; both are line numbers, from 0. */
export interface Block {
  readonly table: string;
  readonly start: number;
  /** Undefined if the file, or the next table, comes first. iptables-restore loads no such file. */
  readonly commit: number | undefined;
}

export interface RulesFile {
  readonly lines: readonly string[];
  /** What iptables-restore makes of it: the filter table first, then the others of the file. */
  readonly tables: readonly [RuleTable, ...RuleTable[]];
  /** The last block of the filter table: it replaces those before. */
  readonly filter: Block | undefined;
  /** Rules of INPUT in the blocks before: they are gone as soon as the last one is loaded. */
  readonly replaced: readonly Rule[];
  /** Whether the rules of INPUT stand in the file in their order, each line appended to those before. */
  readonly inOrder: boolean;
}

/** Understands what `iptables -S` prints, of all chains or of one, with `-v` or without. */
export function parseListing(lines: readonly string[]): RuleTable {
  const table = new Table('filter');
  for (const [index, line] of lines.entries()) table.apply(command(line, index));
  return table;
}

/** Understands a file for iptables-restore, or what iptables-save prints. */
export function parseRulesFile(text: string): RulesFile {
  const lines = text.split('\n');
  const blocks = blocksOf(lines);
  const filter = new Table('filter');
  const tables = new Map([['filter', filter]]);
  const replaced: Rule[] = [];
  let inOrder = true;
  for (const { table: name, start, commit = lines.length } of blocks) {
    const table = tables.get(name) ?? new Table(name);
    tables.set(name, table);
    if (table === filter) {
      replaced.push(...(table.chains.get('INPUT') ?? []));
      inOrder = true;
    }
    table.flush();
    for (const [offset, line] of lines.slice(start + 1, commit).entries()) {
      const found = command(line, start + 1 + offset);
      table.apply(found);
      if (table === filter && found && !isInOrder(found)) inOrder = false;
    }
  }
  const others = [...tables.values()].filter((table) => table !== filter);
  return {
    lines,
    tables: [filter, ...others],
    filter: blocks.findLast(({ table }) => table === 'filter'),
    replaced,
    inOrder,
  };
}

/** Whether a command leaves the rules of INPUT in the order of their lines. */
function isInOrder({ verb, chain }: Command): boolean {
  if (chain === undefined) return !['-F', '-X'].includes(verb);
  return chain !== 'INPUT' || ['-A', '-P', '-N', '-Z', '-L', '-S'].includes(verb);
}

function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open: { table: string; start: number } | undefined;
  for (const [index, line] of lines.entries()) {
    const table = /^\*\s*(\S+)/.exec(line)?.[1];
    const ends = /^COMMIT\s*$/.test(line);
    if (!ends && table === undefined) continue;
    if (open) blocks.push({ ...open, commit: ends ? index : undefined });
    open = table === undefined ? undefined : { table, start: index };
  }
  return open ? [...blocks, { ...open, commit: undefined }] : blocks;
}

/** The command of a line; a chain's declaration, `:CHAIN POLICY`, is one too. */
function command(line: string, index: number): Command | undefined {
  const [, chain, argument] = /^:\s*(\S+)\s+(\S+)/.exec(line) ?? [];
  if (chain !== undefined && argument !== undefined) {
    return argument === '-' ? { verb: '-N', chain, rules: [] } : { verb: '-P', chain, argument, rules: [] };
  }
  // Counters, as `iptables-save -c` prints them.
  return line.startsWith('#') ? undefined : parseCommand(line.trim().replace(/^\[\d+:\d+\]\s*/, ''), index);
}

const BUILT_IN_CHAINS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'];

/** Carries commands out, as iptables does. What iptables would refuse has no effect. */
class Table implements RuleTable {
  readonly chains = new Map<string, Rule[]>();
  readonly policies = new Map<string, Policy>();

  constructor(readonly name: string) {}

  /** What iptables-restore does at `*TABLE`. The nft variant also sets policies back, the legacy one leaves them. */
  flush(): void {
    this.chains.clear();
    for (const [chain, policy] of this.policies) if (policy === 'DROP') this.policies.set(chain, 'unsure');
  }

  apply(found: Command | undefined): void {
    if (!found) return;
    const { verb, chain, argument, number, rules } = found;
    if (chain === undefined) {
      if (verb === '-F') for (const name of this.chains.keys()) this.chains.set(name, []);
      if (verb === '-X')
        for (const name of this.chains.keys()) if (!BUILT_IN_CHAINS.includes(name)) this.chains.delete(name);
      return;
    }
    const list = this.chains.get(chain) ?? [];
    if (['-A', '-I', '-N'].includes(verb)) this.chains.set(chain, list);
    if (verb === '-A') list.push(...rules);
    // iptables inserts rules of one line one after the other at the same place.
    if (verb === '-I') list.splice((number ?? 1) - 1, 0, ...rules.toReversed());
    if (verb === '-R' && number !== undefined && number <= list.length) list.splice(number - 1, 1, ...rules);
    if (verb === '-D') this.#delete(list, found);
    if (verb === '-F') list.length = 0;
    if (verb === '-X') this.chains.delete(chain);
    if (verb === '-P' && (argument === 'ACCEPT' || argument === 'DROP')) this.policies.set(chain, argument);
    if (verb === '-E' && argument !== undefined) this.#rename(chain, argument);
  }

  #delete(list: Rule[], { number, rules }: Command): void {
    if (number !== undefined) list.splice(number - 1, 1);
    else {
      for (const rule of rules) {
        const index = list.findIndex((one) => isSame(one, rule));
        if (index >= 0) list.splice(index, 1);
      }
    }
  }

  #rename(chain: string, name: string): void {
    const rules = this.chains.get(chain);
    if (!rules) return;
    this.chains.delete(chain);
    this.chains.set(name, rules);
    for (const [one, list] of this.chains) {
      this.chains.set(
        one,
        list.map((rule) => (rule.target === chain ? { ...rule, target: name } : rule)),
      );
    }
  }
}
