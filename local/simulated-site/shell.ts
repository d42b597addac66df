import type { ServerChannel } from 'ssh2';
import { type CommandLine, type Echo, parseLine, ShellSyntaxError } from './command-line';
import type { SimulatedController, SimulatedProcess } from './controller';
import type { CommandFault, CommandHooks } from './command-faults';
import { type Credentials, ROOT } from './filesystem';
import type { Pacemaker } from './pacemaker';
import { PROGRAMS } from './programs';
import type { Outcome } from './programs/program';
import type { RecordedCommand, SiteRecord } from './record';
import type { Timers } from './timers';
import type { Timings } from './timings';

/** What the shell of every controller needs. */
export interface ShellContext {
  readonly pacemaker: () => Pacemaker;
  readonly hooks: CommandHooks;
  readonly record: SiteRecord;
  readonly timers: Timers;
  readonly timings: Timings;
}

/** The users' shell on the controllers: it runs the lines that come over SSH. */
export class Shell {
  private count = 0;

  constructor(private readonly context: ShellContext) {}

  /** Runs a line; its input and output are the channel's. Where its connection breaks, what stands behind is not run. */
  async run(controller: SimulatedController, user: string, line: string, channel: ServerChannel): Promise<void> {
    channel.on('error', () => undefined);
    const input = new Input(channel);
    const print = (stdout = '', stderr = '') => {
      if (channel.destroyed) return;
      if (stdout !== '') channel.write(stdout);
      if (stderr !== '') channel.stderr.write(stderr);
    };
    const parts = this.parse(controller, user, line, print);
    let exitCode = parts ? 0 : 2;
    for (const part of parts ?? []) {
      if (channel.destroyed) return;
      if ('echo' in part) {
        const text = `${part.echo}${part.exitCode ? ` ${exitCode}` : ''}\n`;
        print(...(part.to === 'stdout' ? [text] : ['', text]));
        exitCode = 0;
        continue;
      }
      const entry = this.record(controller, user, part);
      const number = ++this.count;
      const { outcome, fault } = await this.execute(controller, user, part, number, input);
      entry.stdin = input.soFar;
      entry.changed = outcome.changed === true;
      if (fault?.disconnect) {
        controller.ssh.disconnect();
        return;
      }
      entry.exitCode = exitCode = outcome.exit;
      print(outcome.stdout, (outcome.stderr ?? '') + (fault?.echoStdinToStderr ? input.soFar : ''));
    }
    if (channel.destroyed) return;
    channel.exit(exitCode);
    channel.end();
  }

  /** A line that the shell refuses is on record too. @returns undefined for it */
  private parse(
    controller: SimulatedController,
    user: string,
    line: string,
    print: (stdout: string, stderr: string) => void,
  ): (CommandLine | Echo)[] | undefined {
    try {
      return parseLine(line);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      this.count++;
      this.record(controller, user, { text: line, argv: [] }).exitCode = 2;
      print('', `${error.message}\n`);
      return undefined;
    }
  }

  private record(
    { name }: SimulatedController,
    user: string,
    { text, argv }: Pick<CommandLine, 'text' | 'argv'>,
  ): RecordedCommand {
    return this.context.record.add({
      type: 'command',
      at: Date.now(),
      host: name,
      user,
      command: text,
      argv,
      stdin: '',
      exitCode: undefined,
      changed: false,
    });
  }

  private async execute(
    controller: SimulatedController,
    user: string,
    parsed: CommandLine,
    number: number,
    input: Input,
  ): Promise<{ outcome: Outcome; fault?: CommandFault | undefined }> {
    const fault = this.context.hooks.find(controller.name, parsed.argv, number);
    if (fault?.disconnect === 'before') return { outcome: { exit: 255 }, fault };
    const outcome = await this.limited(parsed, this.faulty(controller, user, parsed, input, fault));
    return { outcome, fault };
  }

  /** Runs the program, or what a fault makes of it. */
  private async faulty(
    controller: SimulatedController,
    user: string,
    parsed: CommandLine,
    input: Input,
    fault: CommandFault | undefined,
  ): Promise<Outcome> {
    if (fault?.delay !== undefined) await this.context.timers.sleep(fault.delay);
    if (fault?.echoStdinToStderr) await input.all();
    const replaced = fault?.exit !== undefined || fault?.stdout !== undefined || fault?.stderr !== undefined;
    const done: Outcome =
      (replaced || fault?.hang) && fault.when !== 'after'
        ? { exit: 0 }
        : await this.program(controller, user, parsed, input);
    if (fault?.hang) await new Promise<never>(() => undefined);
    if (!replaced) return done;
    return { ...done, exit: fault.exit ?? done.exit, stdout: fault.stdout ?? '', stderr: fault.stderr ?? '' };
  }

  /** timeout(1): whatever takes longer is ended, exit 124. What it set in motion goes on. */
  private async limited({ timeout }: CommandLine, running: Promise<Outcome>): Promise<Outcome> {
    if (timeout === undefined) return running;
    const { timers, timings } = this.context;
    let cancel: () => void = () => undefined;
    const expiry = new Promise<Outcome>((resolve) => {
      cancel = timers.after(timeout * timings.timeoutSecond, () => {
        resolve({ exit: 124 });
      });
    });
    return Promise.race([running, expiry]).finally(cancel);
  }

  private async program(
    controller: SimulatedController,
    user: string,
    { sudo, timeout, argv }: CommandLine,
    input: Input,
  ): Promise<Outcome> {
    const [name, ...rest] = argv;
    if (name === undefined) return { exit: 0 };
    if (sudo && user !== 'root' && !controller.sudoers(user, argv)) {
      return { exit: 1, stderr: 'sudo: a password is required\n' };
    }
    const program = PROGRAMS.get(name);
    if (!program) return notFound(name, sudo, timeout);
    const { pacemaker, timers, timings } = this.context;
    const who: Credentials = sudo || user === 'root' ? ROOT : { user, groups: [user] };
    const processes = processesOf(argv, timeout);
    for (const process of processes) controller.foreground.add(process);
    try {
      return await program({
        controller,
        who,
        arguments: rest,
        pacemaker: pacemaker(),
        timers,
        timings,
        stdin: () => input.all(),
      });
    } finally {
      for (const process of processes) controller.foreground.delete(process);
    }
  }
}

/** What ps shows of a command: timeout(1), and the program with its interpreter. */
function processesOf(argv: readonly string[], timeout: number | undefined): SimulatedProcess[] {
  const [name = '', ...rest] = argv;
  const startedAt = Date.now();
  const interpreter = { pcs: '/usr/bin/python3 -Es /usr/sbin/', service: '/bin/sh /usr/sbin/' }[name] ?? '';
  return [
    ...(timeout === undefined
      ? []
      : [{ name: 'timeout', args: `timeout -k 5 ${timeout} ${argv.join(' ')}`, startedAt }]),
    { name, args: [interpreter + name, ...rest].join(' '), startedAt },
  ];
}

function notFound(name: string, sudo: boolean, timeout: number | undefined): Outcome {
  if (timeout !== undefined) {
    return { exit: 127, stderr: `timeout: failed to run command '${name}': No such file or directory\n` };
  }
  if (sudo) return { exit: 1, stderr: `sudo: ${name}: command not found\n` };
  return { exit: 127, stderr: `bash: line 1: ${name}: command not found\n` };
}

/** Standard input: read from the start, so that the client can send it at any time. */
class Input {
  private readonly chunks: Buffer[] = [];
  private readonly ended: Promise<void>;

  constructor(channel: ServerChannel) {
    channel.on('data', (chunk: Buffer) => this.chunks.push(chunk));
    // A connection that breaks is the end of the input too: that is why digests are compared.
    this.ended = new Promise((resolve) => {
      channel.once('end', resolve);
      channel.once('close', resolve);
    });
  }

  get soFar(): string {
    return Buffer.concat(this.chunks).toString();
  }

  async all(): Promise<string> {
    await this.ended;
    return this.soFar;
  }
}
