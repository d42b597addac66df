import type { HistoryEvent } from '@aws-sdk/client-sfn';
import type { Clock, Random } from '../../../domain/world';
import { uuid } from '../uuid';
import { execute, type ExecutionResult, type Integration, StatesError } from '../asl';
import { DynamoDbError, type ItemRequest, LocalTable } from './dynamodb';
import { type FunctionConfig, InvocationFailed, LocalLambda, type LogLine } from './lambda';
import { LocalSsm, type Parameter } from './ssm';
import { ACCOUNT, allows, nameOf, REGION, type Template } from './template';

/** The state machine of a deployment on one machine. */
export const STATE_MACHINE_ARN = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:magnum-ha`;

/** What a deployment on one machine needs besides the template. */
export interface DeploymentOptions {
  readonly template: Template;
  /** Parameters that operators put: the secrets; also site documents in place of the template's. */
  readonly parameters: Iterable<readonly [string, Parameter]>;
  readonly clock: Clock;
  readonly random: Random;
  /** Takes every line the functions print. */
  readonly log: (line: LogLine) => void;
}

/** How to start an execution. */
export interface StartOptions {
  readonly input: unknown;
  readonly name?: string;
  readonly onEvent?: (event: HistoryEvent) => void;
  readonly signal?: AbortSignal;
}

/**
 * A synthesized stack on one machine, without AWS: the state machine by the local runner, each function its bundle in a
 * worker thread, the Parameter Store on loopback where a function may do what its role allows, and the lock table.
 */
export class Deployment {
  readonly tables: ReadonlyMap<string, LocalTable>;
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** Names of the functions that were invoked, in order. */
  readonly invoked: string[] = [];
  readonly #executions = new Map<string, { Status: string; StopDate?: string }>();
  readonly #ssm: LocalSsm;
  readonly #lambda: LocalLambda;

  private constructor(
    private readonly options: DeploymentOptions,
    /** The Parameter Store. */
    readonly parameters: Map<string, Parameter>,
    ssm: LocalSsm,
    endpoint: string,
  ) {
    const { template, log } = options;
    this.tables = new Map([...template.tables].map(([name, key]) => [name, new LocalTable(key)]));
    this.#ssm = ssm;
    const functions = [...template.functions].map(([name, config]) => {
      const environment = { ...config.environment, ...runtimeEnvironment(name, endpoint) };
      return [name, { ...config, environment }] as const;
    });
    this.functions = new Map(functions);
    this.#lambda = new LocalLambda(this.functions, log, options.clock);
  }

  static async start(options: DeploymentOptions): Promise<Deployment> {
    const { template, parameters } = options;
    const own = [...template.parameters].map(([name, value]) => [name, { type: 'String', value }] as const);
    const store = new Map<string, Parameter>([...own, ...parameters]);
    const ssm = new LocalSsm(store, (caller, action, parameter) =>
      allows(
        template.statements.get(caller) ?? [],
        action,
        parameter === undefined ? '*' : `arn:aws:ssm:${REGION}:${ACCOUNT}:parameter${parameter}`,
      ),
    );
    return new Deployment(options, store, ssm, await ssm.listen());
  }

  /** Runs one execution to its end. */
  async execute({ input, name = uuid(this.options.random), onEvent, signal }: StartOptions): Promise<ExecutionResult> {
    const executionArn = `${STATE_MACHINE_ARN.replace(':stateMachine:', ':execution:')}:${name}`;
    this.#executions.set(executionArn, { Status: 'RUNNING' });
    const result = await execute({
      definition: this.options.template.definition,
      input,
      name,
      stateMachineArn: STATE_MACHINE_ARN,
      clock: this.options.clock,
      random: this.options.random,
      integrations: this.#integrations(),
      ...(signal ? { signal } : {}),
      ...(onEvent ? { onEvent } : {}),
    });
    this.#executions.set(executionArn, { Status: result.status, StopDate: result.stopDate.toISOString() });
    return result;
  }

  async close(): Promise<void> {
    await this.#lambda.close();
    this.#ssm.close();
  }

  #integrations(): Record<string, Integration> {
    const item = (action: 'putItem' | 'getItem' | 'deleteItem'): Integration => {
      return (args) => {
        const request = args as ItemRequest;
        const table = this.tables.get(nameOf(request.TableName));
        if (!table) throw new StatesError('DynamoDB.ResourceNotFoundException', `No table ${request.TableName}`);
        try {
          return Promise.resolve(table[action](request));
        } catch (error) {
          throw error instanceof DynamoDbError ? new StatesError(error.name, error.message) : error;
        }
      };
    };
    return {
      'arn:aws:states:::lambda:invoke': async (args) => {
        const { FunctionName, Payload } = args as { FunctionName: string; Payload: unknown };
        const name = nameOf(FunctionName.replace(/:\$LATEST$/, ''));
        this.invoked.push(name);
        try {
          const result = await this.#lambda.invoke(name, Payload);
          return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
        } catch (error) {
          throw error instanceof InvocationFailed ? new StatesError(error.errorType, error.payload) : error;
        }
      },
      'arn:aws:states:::dynamodb:putItem': item('putItem'),
      'arn:aws:states:::dynamodb:getItem': item('getItem'),
      'arn:aws:states:::dynamodb:deleteItem': item('deleteItem'),
      'arn:aws:states:::aws-sdk:sfn:describeExecution': (args) => {
        const { ExecutionArn } = args as { ExecutionArn: string };
        const known = this.#executions.get(ExecutionArn);
        if (!known) throw new StatesError('Sfn.ExecutionDoesNotExistException', 'Execution Does Not Exist');
        return Promise.resolve({ ExecutionArn, ...known });
      },
    };
  }
}

/** What the Lambda runtime sets. The access key says which function calls: the Parameter Store here reads it. */
function runtimeEnvironment(name: string, ssmEndpoint: string): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SSM: ssmEndpoint,
    TZ: 'UTC',
  };
}
