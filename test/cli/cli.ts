import type { Context } from '../../cli/context';
import { main } from '../../cli/program';
import { realClock } from '../../domain/world';
import type { Local } from '../../local/deploy';
import { logsEndpoint } from '../../local/emulator/aws/logs-endpoint';
import { type AuthorizeArn, S3Endpoint } from '../../local/emulator/aws/s3-endpoint';
import { byArn, LocalSsm } from '../../local/emulator/aws/ssm';
import { stsEndpoint } from '../../local/emulator/aws/sts-endpoint';
import { stepFunctionsEndpoint } from '../../local/emulator/aws/step-functions-endpoint';

/** What a command line printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line in this process. */
export async function magnumHa(
  args: readonly string[],
  { stdin = '' }: { readonly stdin?: string } = {},
): Promise<Ran> {
  let out = '';
  let err = '';
  const context: Context = {
    out: { write: (text) => (out += text), interactive: false },
    err: { write: (text) => (err += text), interactive: false },
    columns: 80,
    clock: realClock,
    readStdin: () => Promise.resolve(stdin),
  };
  const code = await main(args, context);
  return { code, out, err };
}

/** What names AWS to the clients of the command line. */
const ENVIRONMENT = [
  'AWS_ENDPOINT_URL_SFN',
  'AWS_ENDPOINT_URL_SSM',
  'AWS_ENDPOINT_URL_STS',
  'AWS_ENDPOINT_URL_S3',
  'AWS_ENDPOINT_URL_CLOUDWATCH_LOGS',
  'AWS_REGION',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
];

/**
 * Serves a deployment as Step Functions, SSM, S3 and CloudWatch Logs to AWS's own clients in this process.
 *
 * @param authorize what whoever has an access key may do @default everything
 * @returns ends that
 */
export async function serve(
  { deployment }: Pick<Local, 'deployment'>,
  authorize: AuthorizeArn = () => true,
): Promise<() => void> {
  const ssm = new LocalSsm(deployment.parameters, byArn(authorize));
  const logs = logsEndpoint(deployment.logs, authorize);
  const s3 = new S3Endpoint(deployment.buckets, authorize);
  const sts = stsEndpoint();
  const stepFunctions = stepFunctionsEndpoint(() => deployment.stepFunctions, authorize);
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_SFN: await stepFunctions.listen(),
    AWS_ENDPOINT_URL_SSM: await ssm.listen(),
    AWS_ENDPOINT_URL_STS: await sts.listen(),
    AWS_ENDPOINT_URL_S3: await s3.listen(),
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: await logs.listen(),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'operator',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  return () => {
    logs.close();
    s3.close();
    ssm.close();
    sts.close();
    stepFunctions.close();
    for (const name of ENVIRONMENT) Reflect.deleteProperty(process.env, name);
  };
}
