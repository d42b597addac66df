import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Mode } from '../../domain/site/load';
import { PARENT_EXECUTION } from '../../domain/site/started-by';
import type { Command } from '../../domain/ssh/command';
import type { Link } from '../../domain/world';
import { deploy } from '../deploy';
import { synthesized } from '../emulator/assembly';
import type { Call, Deployment } from '../emulator/aws/deployment';
import type { Execution } from '../emulator/aws/execution';
import type { LogLine } from '../emulator/aws/functions';
import type { Template } from '../emulator/aws/template';
import { inProcessHandlers, type LocalService } from '../in-process';
import { seededRandom } from '../random';
import { type SimulatedSite, startSimulatedSite } from '../simulated-site';
import type { CommandFault } from '../simulated-site/command-faults';
import type { RecordedCommand } from '../simulated-site/record';
import { type VirtualClock, virtualClock } from '../virtual-clock';
import { type Invocation, Invocations } from './invocations';
import { nameOfCall } from './kinds';
import type { Scenario } from './scenarios';

/** A command that begins on a controller. */
export interface BegunCommand {
  readonly host: string;
  readonly argv: readonly string[];
  /** As the function sent it. */
  readonly command: Command | undefined;
  readonly sender: Invocation | undefined;
  readonly entry: RecordedCommand;
}

/** Who is told of everything at which something can go wrong, and decides. */
export interface Listener {
  command(begun: BegunCommand): CommandFault | undefined;
  /** Makes the call, or not. @param what as `nameOfCall` names it */
  call(what: string, proceed: () => Promise<unknown>, executionArn: string): Promise<unknown>;
  state(name: string, executionArn: string): void;
}

/** A simulated site with the stack deployed beside it, on virtual time and by one seed, watched. */
export interface SearchWorld {
  readonly site: SimulatedSite;
  readonly deployment: Deployment;
  readonly clock: VirtualClock;
  readonly logs: readonly LogLine[];
  execute(mode: Mode): Execution;
  close(): Promise<void>;
}

/** What can be other than it is, to test the search itself. */
export interface Tampering {
  /** Changes the stack before it is deployed. */
  readonly template?: (template: Template) => Template;
  /** Stands between a function and a controller. */
  readonly link?: (link: Link, host: string) => Link;
}

/** Starts the checks. */
const FLEET = 'arn:aws:states:eu-west-1:111111111111:execution:magnum-ha-fleet:one';

/** The same stack, whose executions time out after so many seconds if they begin while `applies` says so. */
function limited({ machines, ...stack }: Template, seconds: number, applies: () => boolean): Template {
  const changed = [...machines].map(([name, machine]) => {
    const { TimeoutSeconds } = machine.definition as { readonly TimeoutSeconds: number };
    const definition = Object.defineProperty({ ...machine.definition }, 'TimeoutSeconds', {
      get: () => (applies() ? seconds : TimeoutSeconds),
      enumerable: true,
    });
    return [name, { ...machine, definition }] as const;
  });
  return { ...stack, machines: new Map(changed) };
}

/**
 * Starts the site of a scenario and deploys the stack. Time passes only while something is driven by its clock.
 *
 * @param seconds after which the first execution times out; by default the machine's own limit
 */
export async function startWorld(
  { document, secrets, image }: Pick<Scenario, 'document' | 'secrets' | 'image'>,
  listener?: Listener,
  tampering: Tampering = {},
  seconds?: number,
): Promise<SearchWorld> {
  let ended = false;
  const template = await synthesized();
  const stack = seconds === undefined ? template : limited(template, seconds, () => !ended);
  const deployed = tampering.template?.(stack) ?? stack;
  const clock = virtualClock(image.at);
  const random = seededRandom(1);
  const site = startSimulatedSite({ document, secrets, clock, random, image });
  const invocations = new Invocations(tampering.link);
  site.faults.onCommand((host, argv) => {
    const sent = invocations.begun(host, argv);
    const entry = site.record.entries.at(-1) as RecordedCommand;
    return listener?.command({ host, argv, command: sent?.command, sender: sent?.sender, entry });
  });
  const logs: LogLine[] = [];
  const log = (line: LogLine) => logs.push(line);
  const deployment = await deploy({
    template: deployed,
    // Nobody asks for the key: any will do.
    site: { document, privateKey: secrets[document.ssh.privateKey.ssm] ?? '', secrets },
    clock,
    random,
    log,
    handlers: ({ ssm, s3 }) => {
      const watched = (name: string, service: LocalService): LocalService => ({
        call: (caller, action, input) => {
          const answer = () => Promise.resolve().then(() => service.call(caller, action, input));
          return listener ? listener.call(`${name}:${action} ${caller}`, answer, '') : answer();
        },
      });
      const services = { ssm: watched('ssm', ssm), s3: watched('s3', s3) };
      const connect: Parameters<typeof inProcessHandlers>[0]['connect'] = async (options, killed) =>
        invocations.transport(await site.connect(options), killed);
      const handlers = inProcessHandlers({
        ...{ template: deployed, ...services, clock, random, connect, log },
        // A record is made of what is looked at here anyway, when the execution has ended; and it would take longer.
        archives: { archive: () => () => Promise.resolve(null) },
      });
      return new Map([...handlers].map(([name, handler]) => [name, invocations.watched(name, handler)]));
    },
    ...(listener && {
      intercept: (call: Call, proceed: () => Promise<unknown>) =>
        listener.call(nameOfCall(call), proceed, call.executionArn),
    }),
  });
  return {
    site,
    deployment,
    clock,
    logs,
    execute: (mode) => {
      const onEvent = ({ type, stateEnteredEventDetails }: HistoryEvent) => {
        const { name } = stateEnteredEventDetails ?? {};
        if (type?.endsWith('StateEntered') && name !== undefined) listener?.state(name, execution.executionArn);
      };
      // Checks are the schedule's.
      const parent = mode === 'check' ? { [PARENT_EXECUTION]: FLEET } : {};
      const execution = deployment.start('magnum-ha', { input: { site: document.name, mode, ...parent }, onEvent });
      const end = () => (ended = true);
      execution.result.then(end, end);
      return execution;
    },
    close: async () => {
      await deployment.close();
      await site.close();
    },
  };
}
