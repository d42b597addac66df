import type { DescribeExecutionOutput, ExecutionStatus, HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import {
  type Child,
  type ChildDescription,
  type ChildOptions,
  execute,
  type ExecutionType,
  type Identity,
  type Integration,
  type Json,
  prepare,
  type Runnable,
  type Service,
  StatesError,
  TaskTokens,
} from '../asl';
import { ServiceError } from '../service-error';
import { uuid } from '../uuid';
import { type EventListener, Execution } from './execution';
import { allows } from './iam';
import { inPascalCase } from './pascal-case';
import type { Machine } from './template';

/** What Step Functions needs around it. */
export interface StepFunctionsOptions {
  readonly machines: Iterable<Machine>;
  readonly clock: Clock;
  readonly random: Random;
  /** What the tasks of this machine's executions call. */
  readonly integrations: (machine: Machine, stepFunctions: StepFunctions) => Readonly<Record<string, Integration>>;
  /** Is told of every execution when it has started. */
  readonly onStart: (execution: Execution) => void;
  /** Is told of every execution of type STANDARD when its status has changed. */
  readonly onStatusChange: (description: DescribeExecutionOutput) => void;
}

/** How to start an execution. */
export interface StartOptions {
  readonly input?: unknown;
  /** @default - a random UUID */
  readonly name?: string | undefined;
  /** Is told each event as it is recorded. */
  readonly onEvent?: EventListener;
}

/** What is common to all ways in which an execution begins. */
interface Beginning {
  readonly deployed: Deployed;
  readonly runnable: Runnable;
  readonly identity: Identity;
  readonly input: Json;
  readonly mapRunArn?: string;
}

interface Deployed {
  readonly machine: Machine;
  readonly runnable: Runnable;
}

/** No execution can have a name with one of these, or a longer one. */
const NAME = /^[^\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]{1,80}$/u;

/** Step Functions with several state machines: what its API does, as far as one machine can play it. */
export class StepFunctions {
  readonly tokens: TaskTokens;
  readonly #machines: ReadonlyMap<string, Deployed>;
  readonly #executions = new Map<string, Execution>();
  readonly #running = new Set<Execution>();

  /** @throws DefinitionRefused for the first machine that the runner does not run */
  constructor(private readonly options: StepFunctionsOptions) {
    this.tokens = new TaskTokens(options.clock, options.random);
    this.#machines = new Map(
      [...options.machines].map((machine) => {
        const integrations = options.integrations(machine, this);
        return [machine.arn, { machine, runnable: prepare(machine.definition, { integrations, type: machine.type }) }];
      }),
    );
  }

  /**
   * StartExecution: for type STANDARD, the same name and input while it runs give the same execution.
   *
   * @param machine its ARN or its name
   * @throws ServiceError StateMachineDoesNotExist, InvalidName, ExecutionAlreadyExists
   */
  startExecution(machine: string, { input = {}, name = uuid(this.options.random), onEvent }: StartOptions): Execution {
    const deployed = this.#deployed(machine);
    if (!NAME.test(name)) throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
    const { arn, roleArn, type } = deployed.machine;
    const executionArn = this.#executionArn(arn, name, type);
    const json = JSON.stringify(input);
    const known = this.#executions.get(executionArn);
    if (known) {
      if (known.describe().status === 'RUNNING' && known.input === json) return known;
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${executionArn}'`);
    }
    const identity = { executionArn, name, stateMachineArn: arn, roleArn };
    const execution = this.#begin({ deployed, runnable: deployed.runnable, identity, input: JSON.parse(json) as Json });
    if (onEvent) execution.onEvent(onEvent);
    return execution;
  }

  /**
   * StartSyncExecution: of a machine of type EXPRESS only.
   *
   * @returns the execution that has ended, whichever way
   * @throws ServiceError StateMachineDoesNotExist, StateMachineTypeNotSupported, InvalidName
   */
  async startSyncExecution(machine: string, options: StartOptions): Promise<Execution> {
    if (this.#deployed(machine).machine.type !== 'EXPRESS') throw notSupported();
    const execution = this.startExecution(machine, options);
    await execution.result;
    return execution;
  }

  /** @throws ServiceError InvalidArn, ExecutionDoesNotExist */
  describeExecution(executionArn: string): DescribeExecutionOutput {
    return this.#execution(executionArn).describe();
  }

  /** @throws ServiceError InvalidArn, ExecutionDoesNotExist */
  getExecutionHistory(executionArn: string): readonly HistoryEvent[] {
    return this.#execution(executionArn).events;
  }

  /**
   * The executions of a machine, or those of a Map run; the latest first.
   *
   * @throws ServiceError StateMachineDoesNotExist, StateMachineTypeNotSupported
   */
  listExecutions(of: { machine: string } | { mapRunArn: string }, status?: ExecutionStatus): DescribeExecutionOutput[] {
    const isOne = 'mapRunArn' in of ? isChildOf(of.mapRunArn) : this.#isOf(of.machine);
    return [...this.#executions.values()]
      .map((execution) => execution.describe())
      .filter((one) => isOne(one) && (status === undefined || one.status === status))
      .reverse();
  }

  /** ListStateMachines. */
  listStateMachines(): { stateMachineArn: string; name: string; type: ExecutionType }[] {
    return [...this.#machines.values()].map(({ machine: { arn: stateMachineArn, name, type } }) => {
      return { stateMachineArn, name, type };
    });
  }

  /**
   * StopExecution. It does not wait for the end.
   *
   * @throws ServiceError InvalidArn, ExecutionDoesNotExist
   */
  stopExecution(executionArn: string, error?: string, cause?: string): Execution {
    const execution = this.#execution(executionArn);
    execution.stop(error, cause);
    return execution;
  }

  /** Stops all that runs. */
  close(): void {
    for (const execution of this.#running) execution.stop();
  }

  #deployed(machine: string): Deployed {
    const deployed =
      this.#machines.get(machine) ?? [...this.#machines.values()].find((one) => one.machine.name === machine);
    if (deployed) return deployed;
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${machine}'`);
  }

  #execution(executionArn: string): Execution {
    if (executionArn.split(':')[5] === 'express') {
      throw new ServiceError('InvalidArn', "Invalid Arn: 'Resource type not valid in this context: express'");
    }
    const execution = this.#executions.get(executionArn);
    if (execution) return execution;
    throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${executionArn}'`);
  }

  #isOf(machine: string): (one: DescribeExecutionOutput) => boolean {
    const { arn, type } = this.#deployed(machine).machine;
    if (type === 'EXPRESS') throw notSupported();
    return ({ stateMachineArn }) => stateMachineArn === arn;
  }

  #executionArn(machineArn: string, name: string, type: ExecutionType): string {
    return type === 'STANDARD'
      ? `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`
      : `${machineArn.replace(':stateMachine:', ':express:')}:${name}:${uuid(this.options.random)}`;
  }

  #begin({ deployed, runnable, identity, input, mapRunArn }: Beginning): Execution {
    const { clock, random, onStart, onStatusChange } = this.options;
    const { type } = runnable;
    const service: Service = { tokens: this.tokens, startChild: (child) => this.#startChild(deployed, child) };
    const execution: Execution = new Execution(
      {
        ...identity,
        type,
        input: JSON.stringify(input),
        startDate: new Date(clock.now()),
        ...(mapRunArn !== undefined && { mapRunArn }),
      },
      (signal, tell) => execute({ ...identity, runnable, input, clock, random, service, signal, onEvent: tell }),
      (description) => {
        if (description.status !== 'RUNNING') this.#running.delete(execution);
        if (type === 'STANDARD') onStatusChange(description);
      },
    );
    if (type === 'STANDARD') this.#executions.set(execution.executionArn, execution);
    this.#running.add(execution);
    onStart(execution);
    return execution;
  }

  #startChild(deployed: Deployed, { processor, type, label, mapRunArn, input }: ChildOptions): Child {
    const { arn, roleArn, statements } = deployed.machine;
    if (!allows(statements, 'states:StartExecution', arn)) {
      const cause = `User: ${roleArn} is not authorized to perform: states:StartExecution on resource: ${arn}`;
      throw new StatesError('States.Permissions', cause);
    }
    const name = uuid(this.options.random);
    const stateMachineArn = `${arn}/${label}`;
    const executionArn = this.#executionArn(stateMachineArn, name, type);
    const identity = { executionArn, name, stateMachineArn, roleArn };
    const runnable = { ...deployed.runnable, machine: processor, type };
    const child = this.#begin({ deployed, runnable, identity, input, mapRunArn });
    return {
      described: child.result.then(() => describedInResults(child.describe())),
      stop: () => {
        child.stop();
      },
    };
  }
}

function isChildOf(mapRunArn: string): (one: DescribeExecutionOutput) => boolean {
  return (one) => one.mapRunArn === mapRunArn;
}

/** A description as a Map's results have it. */
function describedInResults({ mapRunArn, ...description }: DescribeExecutionOutput): ChildDescription {
  const outputDetails = { included: true };
  return inPascalCase({ ...description, outputDetails }, (date) => date.toISOString()) as ChildDescription;
}

function notSupported(): ServiceError {
  const message = 'This operation is not supported by this type of state machine';
  return new ServiceError('StateMachineTypeNotSupported', message);
}
