import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Output {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A connection to try. */
export interface Attempt {
  readonly host: string;
  readonly port: number;
  readonly source: string;
  readonly sourcePort: number;
  /** For how many milliseconds. */
  readonly patience: number;
}

/** What is missing on this machine for namespaces and iptables; undefined if nothing is. */
export function missing(): string | undefined {
  if (process.platform !== 'linux') return 'they need Linux';
  if (process.getuid?.() !== 0) return 'they need root';
  const programs = ['unshare', 'ip', 'iptables', 'ipset'].filter(
    (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
  );
  return programs.length > 0
    ? `${programs.join(', ')} not installed: apt-get install -y iptables ipset iproute2`
    : undefined;
}

/** Over nf_tables, or with tables of its own. */
export type Variant = 'nft' | 'legacy';

/** The variants of iptables that are installed. */
export function variants(): Variant[] {
  return (['nft', 'legacy'] as const).filter(
    (variant) => spawnSync('unshare', ['--net', `iptables-${variant}`, '-S']).status === 0,
  );
}

/** A process in a network namespace of its own, which ends with the process. */
export class Namespace {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;

  constructor() {
    this.#process = fork(join(__dirname, 'peer.mjs'), {
      execPath: 'unshare',
      execArgv: ['--net', '--', process.execPath],
    });
    this.#process.on('message', ({ id, answer, error }: { id: number; answer?: unknown; error?: string }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    });
    this.#process.on('exit', (code) => {
      for (const { reject } of this.#waiting.values())
        reject(new Error(`the namespace ended with ${code ?? 'a signal'}`));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  run(words: readonly string[], input = ''): Promise<Output> {
    const [program, ...rest] = words;
    return this.#ask('run', { program, words: rest, input }) as Promise<Output>;
  }

  /** @throws Error if the program fails */
  async output(words: readonly string[], input = ''): Promise<string> {
    const { exit, stdout, stderr } = await this.run(words, input);
    if (exit !== 0) throw new Error(`${words.join(' ')} ended with ${exit}: ${stderr}`);
    return stdout;
  }

  async listen(port: number): Promise<void> {
    await this.#ask('listen', { port });
  }

  async connect(attempt: Attempt): Promise<boolean> {
    return ((await this.#ask('connect', { ...attempt })) as { accepted: boolean }).accepted;
  }

  end(): void {
    this.#process.disconnect();
  }

  #ask(request: string, message: object): Promise<unknown> {
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#process.send({ id, request, ...message });
    });
  }
}

/** The interface of the controller's end of the wire. */
const OUTSIDE = 'outside';

/** Two namespaces with a wire between: a controller, and a client that has every other address of its network. */
export class Wire {
  #interface = 'wire';

  private constructor(
    readonly controller: Namespace,
    readonly client: Namespace,
    readonly address: string,
  ) {}

  /** @param address the controller's; its network is the /24 around it */
  static async between(client: Namespace, address: string): Promise<Wire> {
    const wire = new Wire(new Namespace(), client, address);
    // That of the controller before may still be there.
    await client.run(['ip', 'link', 'delete', OUTSIDE]);
    await wire.#configure(client, [
      'link set lo up',
      `link add ${OUTSIDE} type veth peer name wire netns ${wire.controller.pid}`,
      `link set ${OUTSIDE} up`,
      `route replace ${address}/32 dev ${OUTSIDE}`,
      ...around(address).map((network) => `route replace local ${network} dev lo table local`),
    ]);
    await wire.#configure(wire.controller, [
      'link set lo up',
      `address add ${address}/24 dev wire`,
      'link set wire up',
    ]);
    await wire.#isUp();
    return wire;
  }

  /** Gives the controller's end the name of an interface that rules know. */
  async rename(name: string): Promise<void> {
    if (name === this.#interface) return;
    await this.#configure(this.controller, [
      `link set ${this.#interface} down`,
      `link set ${this.#interface} name ${name}`,
      `link set ${name} up`,
    ]);
    this.#interface = name;
    await this.#isUp();
  }

  end(): void {
    this.controller.end();
  }

  async #configure(namespace: Namespace, commands: readonly string[]): Promise<void> {
    await namespace.output(['ip', '-batch', '-'], commands.join('\n'));
  }

  /** The kernel drops what is sent before it has noticed that both ends are up. */
  async #isUp(): Promise<void> {
    const ends = [
      { namespace: this.client, name: OUTSIDE },
      { namespace: this.controller, name: this.#interface },
    ];
    for (let tries = 0; tries < 500; tries += 1) {
      const states = await Promise.all(
        ends.map(({ namespace, name }) => namespace.output(['ip', '-o', 'link', 'show', name])),
      );
      if (states.every((state) => state.includes(' state UP '))) return;
    }
    throw new Error('the wire does not come up');
  }
}

/** The networks that make up the /24 of an address without the address. */
function around(address: string): string[] {
  const bytes = address.split('.').map(Number);
  const last = bytes[3] ?? 0;
  return [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
    const base = ((last >> bit) ^ 1) << bit;
    return `${bytes.slice(0, 3).join('.')}.${base}/${32 - bit}`;
  });
}
