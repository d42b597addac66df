import { posix } from 'node:path';
import { type Channel, firstHalf, firstLine, type Input, type Output } from './channel';
import { type Builtin, type CommandLine, parseLine, ShellSyntaxError } from './command-line';
import type { SimulatedController } from './controller';
import type { CommandFault, CommandHooks } from './command-faults';
import { EndingClock, forever } from './ending-clock';
import { type Credentials, ROOT } from './filesystem';
import type { Pacemaker } from './pacemaker';
import { programsOf } from './programs';
import type * as programs from './programs/program';
import type { RecordedCommand, SiteRecord } from './record';
import type { Timings } from './timings';

/** What the shell of every controller needs. */
export interface ShellContext {
  readonly pacemaker: Pacemaker;
  readonly hooks: CommandHooks;
  readonly record: SiteRecord;
  readonly timings: Timings;
}

/** A command that was begun. */
interface Running {
  readonly controller: SimulatedController;
  readonly user: string;
  readonly parsed: CommandLine;
  readonly input: Input;
  readonly fault: CommandFault;
  readonly entry: RecordedCommand;
}

/** How a command ended, as its shell hears of it. */
interface Outcome {
  readonly exit: number;
  readonly stdout?: Output;
  readonly stderr?: Output;
}

const NO_FAULT: CommandFault = {};
const NOTHING: programs.Outcome = { exit: 0 };

/** The users' shell on the controllers: it runs the lines that come over SSH. */
export class Shell {
  private count = 0;

  constructor(private readonly context: ShellContext) {}

  /**
   * Runs a line; its input and output are the channel's. If its connection breaks, sshd sends no signal: the command under
   * way goes on, and the shell dies at its next echo.
   */
  async run(controller: SimulatedController, user: string, line: string, channel: Channel): Promise<void> {
    const parts = this.parse(controller, user, line, channel);
    let exitCode = parts ? 0 : 2;
    let { input } = channel;
    let marker = '';
    for (const part of parts ?? []) {
      if (channel.broken) return;
      if ('builtin' in part) {
        if (part.builtin === 'read') ({ line: marker, rest: input } = await firstLine(input));
        else if (part.builtin === 'echo-exit-code') channel.print('stdout', `${marker} ${exitCode}\n`);
        else channel.print('stderr', `${marker}\n`);
        exitCode = 0;
        continue;
      }
      const outcome = await this.execute(controller, user, part, input);
      if (!outcome) return;
      exitCode = outcome.exit;
      const { stdout = '', stderr = '' } = outcome;
      if (stdout.length > 0) channel.print('stdout', stdout);
      if (stderr.length > 0) channel.print('stderr', stderr);
    }
    if (!channel.broken) channel.exit(exitCode);
  }

  /** A line that the shell refuses is on record too. @returns undefined for it */
  private parse(
    controller: SimulatedController,
    user: string,
    line: string,
    channel: Channel,
  ): readonly (CommandLine | Builtin)[] | undefined {
    try {
      return parseLine(line);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      this.count++;
      this.record(controller, user, { text: line, argv: [] }).exitCode = 2;
      channel.print('stderr', `${error.message}\n`);
      return undefined;
    }
  }

  private record(
    { name, clock }: SimulatedController,
    user: string,
    { text, argv }: Pick<CommandLine, 'text' | 'argv'>,
  ): RecordedCommand {
    return this.context.record.add({
      type: 'command',
      at: clock.now(),
      host: name,
      user,
      command: text,
      argv,
      stdin: '',
      exitCode: undefined,
      changed: false,
      endedAt: undefined,
    });
  }

  /** @returns undefined if its connection broke by it */
  private async execute(
    controller: SimulatedController,
    user: string,
    parsed: CommandLine,
    given: Input,
  ): Promise<Outcome | undefined> {
    const entry = this.record(controller, user, parsed);
    const fault = this.context.hooks.find(controller.name, parsed.argv, ++this.count) ?? NO_FAULT;
    if (fault.disconnect === 'before') {
      controller.sshd.disconnect();
      return undefined;
    }
    const input = fault.halfInput || fault.disconnect === 'during' ? firstHalf(given) : given;
    const ending = this.limited({ controller, user, parsed, input, fault, entry });
    if (fault.disconnect === 'during') {
      // All that was sent has arrived by then.
      await given.all();
      entry.stdin = input.soFar;
      controller.sshd.disconnect();
      return undefined;
    }
    const outcome = await ending;
    entry.stdin = input.soFar;
    if (fault.disconnect === 'after') {
      controller.sshd.disconnect();
      return undefined;
    }
    if (fault.answerDelay !== undefined) await controller.clock.sleep(fault.answerDelay);
    entry.exitCode = outcome.exit;
    return outcome;
  }

  /** timeout(1): a command that takes longer is killed, exit 124. What it has started in the cluster goes on. */
  private limited(running: Running): Promise<Outcome> {
    const {
      controller: { clock },
      parsed: { timeout },
      fault: { survives },
    } = running;
    const life = new EndingClock(clock);
    const ending = this.faulty(running, life);
    if (!timeout) return ending;
    return new Promise((resolve, reject) => {
      let timedOut = false;
      const kill = (exit: number) => {
        life.end();
        resolve({ exit });
      };
      let cancel = clock.after(timeout.after * 1000, () => {
        timedOut = true;
        if (survives === undefined) kill(124);
        else if (survives === 'TERM' && timeout.kill !== undefined) {
          cancel = clock.after(timeout.kill * 1000, () => {
            kill(137);
          });
        }
      });
      ending.then((outcome) => {
        cancel();
        resolve(timedOut ? { ...outcome, exit: 124 } : outcome);
      }, reject);
    });
  }

  /** Runs the program, or what a fault makes of it. */
  private async faulty(running: Running, life: EndingClock): Promise<Outcome> {
    const { fault, controller, entry, input } = running;
    if (fault.delay !== undefined) await life.sleep(fault.delay);
    const given = fault.exit !== undefined || fault.stdout !== undefined || fault.stderr !== undefined;
    const late = fault.lateEffect !== undefined;
    if (late) {
      controller.clock.after(fault.lateEffect, () => void this.program(running, new EndingClock(controller.clock)));
      if (!given) await forever();
    }
    const garbles = typeof fault.stdout === 'function' || typeof fault.stderr === 'function';
    const instead = (given || fault.hang) && fault.when !== 'after' && !garbles;
    const { exit, stdout, stderr } = late || instead ? NOTHING : await this.program(running, life);
    if (fault.hang) await forever();
    entry.endedAt = controller.clock.now();
    const echoed = fault.echoStdinToStdout || fault.echoStdinToStderr ? await input.all() : '';
    return {
      exit: fault.exit ?? exit,
      stdout: joined(replaced(stdout ?? '', fault.stdout), fault.echoStdinToStdout ? echoed : ''),
      stderr: joined(replaced(stderr ?? '', fault.stderr), fault.echoStdinToStderr ? echoed : ''),
    };
  }

  private async program(
    { controller, user, parsed: { sudo, timeout, argv }, input, entry }: Running,
    life: EndingClock,
  ): Promise<programs.Outcome> {
    const [name, ...rest] = argv;
    if (name === undefined) return NOTHING;
    if (sudo && user !== 'root' && !controller.sudoers(user, argv)) {
      return { exit: 1, stderr: 'sudo: a password is required\n' };
    }
    const called = posix.basename(name);
    const program = controller.missing.has(called) ? undefined : programsOf(controller.generation).get(called);
    if (!program) return notFound(name, sudo, timeout !== undefined);
    const { pacemaker, timings } = this.context;
    const who: Credentials = sudo || user === 'root' ? ROOT : { user, groups: [user] };
    const process = {
      ...{ argv, timeout, life, user: who.user, startedAt: controller.clock.now() },
      pid: controller.spawn(timeout ? 2 : 1),
    };
    controller.commands.add(process);
    try {
      const outcome = await program({
        controller,
        who,
        arguments: rest,
        pacemaker,
        timings,
        isKilled: () => life.over,
        sleep: (milliseconds) => life.sleep(milliseconds),
        stdin: async () => {
          const text = await input.all();
          return life.over ? forever() : text;
        },
      });
      entry.changed ||= outcome.changed === true;
      entry.endedAt = controller.clock.now();
      return outcome;
    } finally {
      controller.commands.delete(process);
    }
  }
}

function notFound(name: string, sudo: boolean, timeout: boolean): programs.Outcome {
  if (timeout) return { exit: 127, stderr: `timeout: failed to run command '${name}': No such file or directory\n` };
  if (sudo) return { exit: 1, stderr: `sudo: ${name}: command not found\n` };
  return { exit: 127, stderr: `bash: line 1: ${name}: command not found\n` };
}

/** What is printed in place of a program's own output. */
function replaced(printed: string, fault: CommandFault['stdout']): Output {
  return typeof fault === 'function' ? fault(printed) : (fault ?? printed);
}

function joined(one: Output, other: string): Output {
  if (other === '') return one;
  return typeof one === 'string' ? one + other : Buffer.concat([one, Buffer.from(other)]);
}
