import type { Case, Decision } from '../../domain/config/firewall/decide';
import { counted } from '../../domain/config/firewall/counters';
import { printAddress } from '../../domain/config/firewall/values';
import { messageOf } from '../../domain/errors';
import { parseListing } from '../../domain/config/firewall/table';
import { decideListing, decideRulesFile, editRules, magnumRule, placeRule } from '../../domain/config/iptables';
import { type Example, EXAMPLES } from '../domain/config/firewall/rules';
import { node1, site } from '../domain/sites';
import { missing, Namespace, type Variant, variants, Wire } from './namespaces';

// What the domain says about rules is compared with the kernel: each file is loaded by the real iptables-restore in a
// fresh network namespace, and first packets of connections are sent to it.

const golden = site('golden');
const controller = node1(golden);
const where = { controller };
const PORT = golden.magnum.apiPort;
const AT_ONCE = 4;
/** How long a packet without an answer is waited for, in ms: it goes from one namespace to the other within the call. */
const PATIENCE = 100;
const LONG_PATIENCE = 3000;

/** Every table as a host without rules has it. */
const OPEN = [
  'filter INPUT FORWARD OUTPUT',
  'nat INPUT OUTPUT',
  'mangle PREROUTING INPUT',
  'raw PREROUTING OUTPUT',
  'security INPUT',
]
  .map((table) => table.split(' '))
  .map(([table, ...chains]) => [`*${table ?? ''}`, ...chains.map((chain) => `:${chain} ACCEPT [0:0]`), 'COMMIT', ''])
  .map((lines) => lines.join('\n'))
  .join('');

const problem = missing();
if (problem !== undefined) {
  test(`real packets are left out: ${problem}`, () => {
    expect(problem).toMatch(/Linux|root|installed/);
  });
} else {
  const installed = variants();
  // Packets that nobody answers take their time: several files are tried at once.
  const outcomes = new Map<string, Promise<string>>();
  let clients: Namespace[] = [];
  let isOver = false;
  beforeAll(() => {
    clients = Array.from({ length: AT_ONCE }, () => new Namespace());
    clients.forEach((client, lane) => {
      let before = Promise.resolve('');
      for (const example of EXAMPLES.filter((_, index) => index % AT_ONCE === lane)) {
        before = before
          .then(() => (isOver ? undefined : tried(client, installed, example)))
          .then(() => 'as decided', messageOf);
        outcomes.set(example.name, before);
      }
    });
  });
  afterAll(async () => {
    isOver = true;
    await Promise.all(outcomes.values());
    for (const client of clients) client.end();
  });

  test('a variant of iptables works', () => {
    expect(installed).not.toEqual([]);
  });

  test('the counters tell which rule took a packet', async () => {
    const client = new Namespace();
    const wire = await Wire.between(client, controller.address);
    try {
      await wire.rename('eth0');
      for (const variant of installed) await countsWhatTook(wire, variant);
      expect(installed).toContain('nft');
    } finally {
      wire.end();
      client.end();
    }
  });

  test.each(EXAMPLES)('$name: the kernel does what was decided', async ({ name }) => {
    expect(await outcomes.get(name)).toBe('as decided');
  });
}

async function tried(client: Namespace, installed: readonly Variant[], example: Example): Promise<void> {
  const wire = await Wire.between(client, controller.address);
  try {
    await wire.controller.listen(PORT);
    if (example.sets) await wire.controller.output(['ipset', 'restore'], `${example.sets.join('\n')}\n`);
    for (const variant of installed) await agrees(wire, variant, example);
  } finally {
    wire.end();
  }
}

async function agrees(wire: Wire, variant: Variant, { text, refused }: Example): Promise<void> {
  const { controller: host } = wire;
  const restore = [`iptables-${variant}-restore`];
  const list = async () => parseListing((await host.output([`iptables-${variant}`, '-S'])).split('\n'));
  const edited = editRules(text, golden, undefined, where);

  const loaded = await host.run(restore, text);
  if (refused === 'always' || refused === variant) expect(loaded.exit).not.toBe(0);
  else if (refused === undefined) expect(loaded).toMatchObject({ exit: 0 });
  if (loaded.exit !== 0) return;

  const decision = decideRulesFile(text, golden, where);
  await meets(wire, decision);
  const running = decideRulesFile(await host.output([`iptables-${variant}-save`]), golden, where);
  if (!isAlike(running, decision)) await meets(wire, running);

  // The rule is put into the running chain.
  const { insert, remove } = placeRule(await list(), golden, where);
  const command = [`iptables-${variant}`, '-w'];
  if (insert !== undefined) await host.output([...command, '-I', 'INPUT', String(insert), ...magnumRule(golden)]);
  for (const number of remove) await host.output([...command, '-D', 'INPUT', String(number)]);
  const placed = await list();
  expect(decideListing(placed, golden, where).answer).toBe('accepted');
  await meets(wire, decideRulesFile(await host.output([`iptables-${variant}-save`]), golden, where));
  expect(placeRule(placed, golden, where)).toEqual({ remove: [] });

  // It is put into the file. What is loaded from there is in place for the running chain, too.
  await host.output([...restore, '--test'], edited);
  await host.output(restore, edited);
  expect(placeRule(await list(), golden, where)).toEqual({ remove: [] });
  await meets(wire, decideRulesFile(edited, golden, where));

  await host.output(restore, OPEN);
}

/** Which rule took a packet, by its counters: in each form in which iptables prints them. */
async function countsWhatTook(wire: Wire, variant: Variant): Promise<void> {
  const { controller: host } = wire;
  const text = EXAMPLES.find(({ name }) => name === 'rhel4-lokkit')?.text ?? '';
  await host.output([`iptables-${variant}-restore`], text);
  const [taken] = decideRulesFile(text, golden, where).cases;
  if (!taken) throw new Error('nothing was decided');
  const forms = [
    ['-v', '-S'],
    ['-L', '-v', '-n', '-x'],
    ['-L', '-v', '-n', '-x', '--line-numbers'],
  ];
  for (const command of [
    ...forms.map((words) => [`iptables-${variant}`, ...words]),
    [`iptables-${variant}-save`, '-c'],
  ]) {
    const before = await host.output(command);
    await accepted(wire, taken, '10.21.22.77');
    // The answer leaves by OUTPUT, which counts it.
    const found = (counted(before, await host.output(command)) ?? []).filter(({ chain }) => chain !== 'OUTPUT');
    expect(found.map(({ chain, number, takes }) => ({ chain, number, takes }))).toEqual([
      { chain: 'INPUT', number: 1, takes: false },
      { chain: 'RH-Firewall-1-INPUT', number: taken.cause.number, takes: true },
    ]);
  }
  await host.output([`iptables-${variant}-restore`], OPEN);
}

/** Whether the same packets meet the same. */
function isAlike(one: Decision, other: Decision): boolean {
  const packets = ({ cases }: Decision) => JSON.stringify(cases.map(({ cause, ...rest }) => rest));
  return packets(one) === packets(other);
}

/** Sends a packet of each case, from the first and from the last address, and compares what becomes of it. */
async function meets(wire: Wire, { cases }: Decision): Promise<void> {
  for (const name of new Set(cases.flatMap(({ interfaces }) => interfaces))) {
    await wire.rename(name);
    const here = cases.filter(({ answer, interfaces }) => answer !== 'undecidable' && interfaces.includes(name));
    await Promise.all(
      here.flatMap((one) =>
        [...ends(one)].map(async (source) => {
          const found = await accepted(wire, one, source);
          const met = { source, name, cause: one.cause.text, accepted: found };
          expect(met).toEqual({ ...met, accepted: one.answer === 'accepted' });
        }),
      ),
    );
  }
}

/** The first and the last address. */
function ends({ sources }: Case): Set<string> {
  return new Set([sources[0]?.[0] ?? 0, sources.at(-1)?.[1] ?? 0].map(printAddress));
}

let attempts = 0;

async function accepted({ client, address }: Wire, { answer, sourcePorts }: Case, source: string): Promise<boolean> {
  const [low = 0, high = 0] = sourcePorts[0] ?? [];
  const attempt = async (patience: number) => {
    attempts += 1;
    // Never the same port again: the connection would no longer be new.
    const sourcePort = low + (attempts % (high - low + 1));
    return client.connect({ host: address, port: PORT, source, sourcePort, patience });
  };
  // On a busy machine, an answer may take longer.
  return (await attempt(PATIENCE)) || (answer === 'accepted' && attempt(LONG_PATIENCE));
}
