import type { DescribeExecutionOutput, ExecutionStatus, HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import type { Integration, TaskCall } from '../asl';
import { LocalTable } from './dynamodb';
import { bundledFunctions, type LocalServices, localServices } from './bundled-functions';
import { type Entry, EventBus } from './event-bus';
import { deliverTo } from './event-targets';
import type { Execution } from './execution';
import { type FunctionConfig, type Functions, type Handler, InProcessFunctions, type LogLine } from './functions';
import { integrations } from './integrations';
import type { LogEvent } from './logs-endpoint';
import { type Metric, metricsIn } from './metrics';
import { Bucket, Buckets } from './s3';
import { Topics } from './sns';
import type { Parameter } from './ssm';
import { type StartOptions, StepFunctions } from './step-functions';
import type { Machine, Template } from './template';

/** A call of a task, before it is made. */
export interface Call extends TaskCall {
  /** The task's Resource, without `.waitForTaskToken`. */
  readonly resource: string;
  readonly args: unknown;
}

/** What a deployment on one machine needs besides the template. */
export interface DeploymentOptions {
  readonly template: Template;
  /** Parameters that operators put: the secrets. */
  readonly parameters: Iterable<readonly [string, Parameter]>;
  readonly clock: Clock;
  readonly random: Random;
  /**
   * Gives what the functions do, by name, in this process: for virtual time.
   * @default - their bundles, in worker threads
   */
  readonly handlers?: (services: DeployedServices) => ReadonlyMap<string, Handler>;
  /** Takes every line the functions print. */
  readonly log: (line: LogLine) => void;
  /**
   * Stands between tasks and what they call, to make calls fail or answers get lost.
   * @default - every call is made
   */
  readonly intercept?: (call: Call, proceed: () => Promise<unknown>) => Promise<unknown>;
  /** Is told every execution when it has started: also those that others start. */
  readonly onStart?: (execution: Execution) => void;
}

/** What functions in this process find beside them. */
export interface DeployedServices extends LocalServices {
  readonly buckets: Buckets;
  /** They are there once the functions are invoked. */
  readonly stepFunctions: () => StepFunctions;
  /** Takes a line that a function prints, as CloudWatch does: into the log and the metrics. */
  readonly log: (line: LogLine) => void;
}

/** What a deployment keeps. */
interface Stores {
  readonly parameters: Map<string, Parameter>;
  readonly buckets: Buckets;
  readonly functions: Functions;
  readonly logs: LogEvent[];
}

/**
 * A synthesized stack on one machine, without AWS: its state machines by the local runner, its functions as bundles or as
 * handlers in this process, its tables, buckets, topics and event rules. Everybody may do what the template allows.
 */
export class Deployment {
  /** The Parameter Store. */
  readonly parameters: Map<string, Parameter>;
  readonly buckets: Buckets;
  readonly tables: ReadonlyMap<string, LocalTable>;
  readonly topics: Topics;
  readonly bus: EventBus;
  readonly stepFunctions: StepFunctions;
  /** The executions of type EXPRESS, also those of a Map: Step Functions itself shows them to nobody. */
  readonly express: Execution[] = [];
  /** Names of the functions that tasks invoked, in order. */
  readonly invoked: string[] = [];
  /** What the functions' logs told CloudWatch. */
  readonly metrics: Metric[] = [];
  /** The log of the functions. */
  readonly logs: LogEvent[];
  readonly #functions: Functions;

  /** @throws DefinitionRefused for the first state machine that the runner does not run */
  static async deploy(options: DeploymentOptions): Promise<Deployment> {
    const { template, clock, random, handlers } = options;
    const own = [...template.parameters].map(([name, value]) => [name, { type: 'String', value }] as const);
    const parameters = new Map<string, Parameter>([...own, ...options.parameters]);
    const buckets = new Buckets([...template.buckets].map(([name, keeps]) => new Bucket(name, keeps, clock, random)));
    const stepFunctions = () => deployment.stepFunctions;
    const logs: LogEvent[] = [];
    const log = (line: LogLine) => {
      deployment.record(line);
    };
    const services = { ...localServices(template, parameters, buckets), buckets, stepFunctions, log };
    const functions = handlers
      ? new InProcessFunctions(template.functions, handlers(services), clock)
      : await bundledFunctions({
          template,
          parameters,
          buckets,
          stepFunctions,
          logs,
          clock,
          log,
        });
    const deployment: Deployment = new Deployment(options, { parameters, buckets, functions, logs });
    return deployment;
  }

  private constructor(
    private readonly options: DeploymentOptions,
    { parameters, buckets, functions, logs }: Stores,
  ) {
    const { template, clock, random, onStart = () => undefined } = options;
    this.parameters = parameters;
    this.buckets = buckets;
    this.logs = logs;
    this.#functions = functions;
    this.tables = new Map([...template.tables].map(([name, key]) => [name, new LocalTable(key)]));
    this.topics = new Topics(template.topics, clock, random);
    this.bus = new EventBus(template.rules, clock, random, (target, input, closed) => {
      const { stepFunctions, topics } = this;
      return deliverTo({ stepFunctions, topics, functions, clock }, target, input, closed);
    });
    this.stepFunctions = new StepFunctions({
      machines: template.machines.values(),
      clock,
      random,
      integrations: (machine, stepFunctions) => this.#integrations(machine, stepFunctions),
      onStart: (execution) => {
        if (execution.type === 'EXPRESS') this.express.push(execution);
        onStart(execution);
      },
      onStatusChange: (description) => {
        this.bus.put(statusChange(description));
      },
    });
  }

  /** The functions as they are deployed, by name. */
  get functions(): ReadonlyMap<string, FunctionConfig> {
    return this.#functions.configs;
  }

  /**
   * Starts an execution of a state machine.
   *
   * @param machine its name or its ARN
   * @throws ServiceError as StartExecution does
   */
  start(machine: string, options: StartOptions): Execution {
    return this.stepFunctions.startExecution(machine, options);
  }

  /** @throws ServiceError as DescribeExecution does */
  describeExecution(executionArn: string): DescribeExecutionOutput {
    return this.stepFunctions.describeExecution(executionArn);
  }

  /** @throws ServiceError as GetExecutionHistory does */
  getExecutionHistory(executionArn: string): readonly HistoryEvent[] {
    return this.stepFunctions.getExecutionHistory(executionArn);
  }

  /** @throws ServiceError as ListExecutions does */
  listExecutions(of: { machine: string } | { mapRunArn: string }, status?: ExecutionStatus): DescribeExecutionOutput[] {
    return this.stepFunctions.listExecutions(of, status);
  }

  /** Takes a line that a function printed: handlers in this process have no output of their own. */
  record(line: LogLine): void {
    this.metrics.push(...metricsIn(line.text));
    this.logs.push({ timestamp: this.options.clock.now(), message: line.text });
    this.options.log(line);
  }

  /** Ends all that runs. */
  async close(): Promise<void> {
    this.bus.close();
    this.stepFunctions.close();
    await this.#functions.close();
  }

  #integrations(machine: Machine, stepFunctions: StepFunctions): Record<string, Integration> {
    const { tables, buckets, topics, bus, options } = this;
    const onInvoke = (name: string) => {
      this.invoked.push(name);
    };
    const services = { functions: this.#functions, tables, buckets, topics, bus, stepFunctions, onInvoke };
    const all = integrations({ ...services, random: options.random }, machine);
    const { intercept } = options;
    if (!intercept) return all;
    return Object.fromEntries(
      Object.entries(all).map(([resource, integration]) => [
        resource,
        (args: unknown, call: TaskCall) => intercept({ ...call, resource, args }, () => integration(args, call)),
      ]),
    );
  }
}

/** The event that Step Functions sends when an execution's status has changed. */
function statusChange(description: DescribeExecutionOutput): Entry {
  const { executionArn = '', stateMachineArn, name, status, input, startDate, stopDate } = description;
  const { output = null, error, cause } = description;
  const included = { included: true };
  return {
    source: 'aws.states',
    detailType: 'Step Functions Execution Status Change',
    resources: [executionArn],
    detail: {
      executionArn,
      stateMachineArn,
      name,
      status,
      startDate: startDate?.getTime(),
      stopDate: stopDate?.getTime() ?? null,
      input,
      output,
      inputDetails: included,
      outputDetails: output === null ? null : included,
      ...(error !== undefined && { error }),
      ...(cause !== undefined && { cause }),
    },
  };
}
