import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionType } from '../asl';
import type { Rule } from './event-bus';
import type { FunctionConfig } from './functions';
import { type PolicyDocument, type Statement, statementsOf } from './iam';
import { nameOf, type Properties, type Resource, Resources } from './intrinsics';

/** A state machine as it is deployed. */
export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly type: ExecutionType;
  readonly definition: object;
  readonly roleArn: string;
  /** What its role allows. */
  readonly statements: readonly Statement[];
}

/** What a synthesized stack holds, as far as one machine can play it. */
export interface Template {
  /** By name. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** By name. */
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** What each function's role allows, by the function's name. */
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  /** What each managed policy of the stack allows, by the policy's name. */
  readonly policies: ReadonlyMap<string, readonly Statement[]>;
  /** Values of the String parameters that the stack makes, by name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Partition keys of the tables, by table name. */
  readonly tables: ReadonlyMap<string, string>;
  /** Whether each bucket keeps versions, by bucket name. */
  readonly buckets: ReadonlyMap<string, boolean>;
  /** ARNs. */
  readonly topics: readonly string[];
  readonly rules: readonly Rule[];
}

/**
 * Reads a synthesized stack as CloudFormation would deploy it. What the template gives no name has its logical ID.
 *
 * @param directory of the cloud assembly
 * @throws Error at an intrinsic function it does not know, or if there is no state machine
 */
export function readTemplate(directory: string, stack: string): Template {
  const file = readFileSync(join(directory, `${stack}.template.json`), 'utf8');
  const resources = new Resources((JSON.parse(file) as { Resources: Record<string, Resource> }).Resources, stack);
  const statements = statementsByRole(resources);
  const functions = resources.ofType('AWS::Lambda::Function').filter(({ properties }) => 'Handler' in properties);
  const machines = resources.ofType('AWS::StepFunctions::StateMachine');
  if (machines.length === 0) throw new Error(`The stack ${stack} has no state machine`);
  return {
    machines: new Map(
      machines.map(({ name, arn, properties }) => [name, machine({ name, arn, properties, statements })]),
    ),
    functions: new Map(functions.map(({ name, properties }) => [name, functionConfig(name, properties, directory)])),
    statements: new Map(functions.map(({ name, properties }) => [name, statements(properties['Role'])])),
    policies: new Map(
      resources
        .ofType('AWS::IAM::ManagedPolicy')
        .map(({ name, properties }) => [name, statementsOf([properties['PolicyDocument'] as PolicyDocument])]),
    ),
    parameters: new Map(
      resources.ofType('AWS::SSM::Parameter').map(({ name, properties }) => [name, String(properties['Value'])]),
    ),
    tables: new Map(
      resources.ofType('AWS::DynamoDB::Table').map(({ name, properties }) => [name, partitionKey(properties)]),
    ),
    buckets: new Map(
      resources.ofType('AWS::S3::Bucket').map(({ name, properties }) => [name, isVersioned(properties)]),
    ),
    topics: resources.ofType('AWS::SNS::Topic').map(({ arn }) => arn),
    rules: resources.ofType('AWS::Events::Rule').flatMap(({ name, properties }) => rule(name, properties, statements)),
  };
}

/** What a role allows, by its ARN or name. */
type Allowed = (role: unknown) => readonly Statement[];

function statementsByRole(resources: Resources): Allowed {
  const policies = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy']
    .flatMap((type) => resources.ofType(type))
    .map(({ properties }) => properties as unknown as { PolicyDocument: PolicyDocument; Roles?: readonly string[] });
  const inline = new Map(
    resources.ofType('AWS::IAM::Role').map(({ name, properties }) => {
      const { Policies = [] } = properties as { Policies?: readonly { PolicyDocument: PolicyDocument }[] };
      return [name, Policies.map(({ PolicyDocument: document }) => document)] as const;
    }),
  );
  return (role) => {
    const name = nameOf(String(role));
    const attached = policies.filter(({ Roles = [] }) => Roles.includes(name)).map((one) => one.PolicyDocument);
    return statementsOf([...attached, ...(inline.get(name) ?? [])]);
  };
}

function machine(of: { name: string; arn: string; properties: Properties; statements: Allowed }): Machine {
  const { name, arn, properties, statements } = of;
  const roleArn = String(properties['RoleArn']);
  return {
    name,
    arn,
    type: properties['StateMachineType'] === 'EXPRESS' ? 'EXPRESS' : 'STANDARD',
    definition: JSON.parse(String(properties['DefinitionString'])) as object,
    roleArn,
    statements: statements(roleArn),
  };
}

function functionConfig(name: string, properties: Properties, directory: string): FunctionConfig {
  const { Code, Description, Handler, Environment, Timeout } = properties as {
    Code: { S3Key: string };
    Description?: string;
    Handler: string;
    Environment?: { Variables: Record<string, string> };
    Timeout: number;
  };
  const [file, exportName = 'handler'] = Handler.split('.');
  return {
    name,
    description: Description ?? '',
    // An asset's key in the bucket is its hash, and so is its folder in the assembly.
    file: join(directory, `asset.${Code.S3Key.replace(/\.zip$/, '')}`, `${file ?? 'index'}.js`),
    exportName,
    environment: Environment?.Variables ?? {},
    timeoutSeconds: Timeout,
  };
}

function partitionKey({ KeySchema }: Properties): string {
  const keys = KeySchema as { AttributeName: string; KeyType: string }[];
  return keys.find(({ KeyType }) => KeyType === 'HASH')?.AttributeName ?? '';
}

function isVersioned({ VersioningConfiguration }: Properties): boolean {
  return (VersioningConfiguration as { Status?: string } | undefined)?.Status === 'Enabled';
}

/** A rule for events; without those that run by a schedule. */
function rule(name: string, properties: Properties, statements: Allowed): Rule[] {
  const {
    EventPattern,
    State = 'ENABLED',
    Targets = [],
  } = properties as {
    EventPattern?: object;
    State?: string;
    Targets?: readonly (Omit<Rule['targets'][number], 'statements'> & { RoleArn?: string })[];
  };
  if (EventPattern === undefined || State === 'DISABLED') return [];
  const targets = Targets.map((target) => ({ ...target, statements: statements(target.RoleArn) }));
  return [{ name, pattern: EventPattern, targets }];
}
