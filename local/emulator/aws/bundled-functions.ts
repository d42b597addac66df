import type { Clock } from '../../../domain/world';
import type { FunctionConfig, Functions, LogLine } from './functions';
import { allows } from './iam';
import { REGION } from './intrinsics';
import { type LogEvent, logsEndpoint } from './logs-endpoint';
import { LocalS3 } from './local-s3';
import type { Buckets } from './s3';
import { type AuthorizeArn, S3Endpoint } from './s3-endpoint';
import { byArn, LocalSsm, type Parameter } from './ssm';
import { stepFunctionsEndpoint } from './step-functions-endpoint';
import type { StepFunctions } from './step-functions';
import type { Template } from './template';
import { WorkerFunctions } from './worker-functions';

/** What bundles need around them. */
export interface BundleOptions {
  readonly template: Template;
  readonly parameters: Map<string, Parameter>;
  readonly buckets: Buckets;
  /** They are there once the functions are invoked. */
  readonly stepFunctions: () => StepFunctions;
  readonly clock: Clock;
  readonly log: (line: LogLine) => void;
  /** What they have logged. */
  readonly logs: readonly LogEvent[];
}

/**
 * Runs a template's bundles in worker threads, with a Parameter Store, buckets, Step Functions and logs on loopback where each
 * function may do what its role allows.
 */
export async function bundledFunctions(options: BundleOptions): Promise<Functions> {
  const { template, parameters, buckets, stepFunctions, clock, log } = options;
  const ssm = new LocalSsm(parameters, byArn(rolesOf(template)));
  const s3 = new S3Endpoint(buckets, rolesOf(template));
  const logs = logsEndpoint(options.logs, rolesOf(template));
  const sfn = stepFunctionsEndpoint(stepFunctions, rolesOf(template));
  const endpoints = {
    AWS_ENDPOINT_URL_SSM: await ssm.listen(),
    AWS_ENDPOINT_URL_S3: await s3.listen(),
    AWS_ENDPOINT_URL_SFN: await sfn.listen(),
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: await logs.listen(),
  };
  const configs = [...template.functions].map(([name, config]): [string, FunctionConfig] => {
    const environment = { ...config.environment, ...runtimeEnvironment(name), ...endpoints };
    return [name, { ...config, environment }];
  });
  const functions = new WorkerFunctions(new Map(configs), log, clock);
  return {
    configs: functions.configs,
    invoke: (name, event, signal) => functions.invoke(name, event, signal),
    close: async () => {
      await functions.close();
      ssm.close();
      s3.close();
      sfn.close();
      logs.close();
    },
  };
}

/** The services of a deployment for functions in this process. */
export interface LocalServices {
  readonly ssm: LocalSsm;
  readonly s3: LocalS3;
}

/** What functions in this process call: each may do what its role in the template allows. */
export function localServices(template: Template, parameters: Map<string, Parameter>, buckets: Buckets): LocalServices {
  const may = rolesOf(template);
  return { ssm: new LocalSsm(parameters, byArn(may)), s3: new LocalS3(buckets, may) };
}

function rolesOf({ statements }: Template): AuthorizeArn {
  return (caller, action, arn) => allows(statements.get(caller) ?? [], action, arn);
}

/** What the Lambda runtime sets. The access key says which function calls: the endpoints here read it. */
function runtimeEnvironment(name: string): Record<string, string> {
  return {
    AWS_REGION: REGION,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_ACCESS_KEY_ID: name,
    AWS_SECRET_ACCESS_KEY: 'local',
    TZ: 'UTC',
  };
}
