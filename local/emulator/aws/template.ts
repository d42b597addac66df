import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FunctionConfig } from './lambda';

/** Where everything is deployed on one machine. */
export const REGION = 'us-east-1';
export const ACCOUNT = '123456789012';

/** A statement of a role's policy, with its intrinsic functions resolved. */
export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** What a synthesized stack holds, as far as one machine can play it. */
export interface Template {
  /** The state machine's definition. */
  readonly definition: object;
  readonly functions: ReadonlyMap<string, FunctionConfig>;
  /** What each function's role allows, by the function's name. */
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  /** Values of the String parameters that the stack makes, by name. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Partition keys of the tables, by table name. */
  readonly tables: ReadonlyMap<string, string>;
}

type Properties = Record<string, unknown>;
interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
}

/**
 * Reads a synthesized stack as CloudFormation would deploy it. A resource's name is its logical ID.
 *
 * @param directory of the cloud assembly
 * @throws Error at an intrinsic function it does not know
 */
export function readTemplate(directory: string, stack: string): Template {
  const { Resources } = JSON.parse(readFileSync(join(directory, `${stack}.template.json`), 'utf8')) as {
    Resources: Record<string, Resource>;
  };
  const arnOf = (id: string) => arn(id, Resources[id]?.Type ?? '');
  const resolve = (value: unknown): unknown => resolveIntrinsics(value, arnOf);
  const ofType = (type: string) =>
    Object.entries(Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties: properties }]) => ({ id, properties: resolve(properties) as Properties }));

  const policies = ofType('AWS::IAM::Policy').map(({ properties }) => properties as unknown as Policy);
  const functions = ofType('AWS::Lambda::Function').filter(({ properties }) => 'Handler' in properties);
  const [machine] = ofType('AWS::StepFunctions::StateMachine');
  if (!machine) throw new Error(`The stack ${stack} has no state machine`);
  return {
    definition: JSON.parse(String(machine.properties['DefinitionString'])) as object,
    functions: new Map(functions.map(({ id, properties }) => [id, functionConfig(id, properties, directory)])),
    statements: new Map(
      functions.map(({ id, properties }) => [id, statementsOf(String(properties['Role']), policies)]),
    ),
    parameters: new Map(
      ofType('AWS::SSM::Parameter').map(({ properties }) => [String(properties['Name']), String(properties['Value'])]),
    ),
    tables: new Map(ofType('AWS::DynamoDB::GlobalTable').map(({ id, properties }) => [id, partitionKey(properties)])),
  };
}

/** The name of a function, table or state machine, from its ARN or its name. */
export function nameOf(arnOrName: string): string {
  return arnOrName.split(/[:/]/).at(-1) ?? '';
}

/** Whether these statements allow an action on a resource: a Deny outweighs every Allow. */
export function allows(statements: readonly Statement[], action: string, resource: string): boolean {
  const effects = statements
    .filter(
      ({ actions, resources }) =>
        actions.some((one) => matches(one, action)) && resources.some((one) => matches(one, resource)),
    )
    .map(({ effect }) => effect);
  return effects.includes('Allow') && !effects.includes('Deny');
}

interface Policy {
  readonly PolicyDocument: {
    readonly Statement: { Effect: string; Action: string | string[]; Resource: string | string[] }[];
  };
  readonly Roles: readonly string[];
}

function statementsOf(roleArn: string, policies: readonly Policy[]): Statement[] {
  return policies
    .filter(({ Roles }) => Roles.includes(nameOf(roleArn)))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .map(({ Effect, Action, Resource: resource }) => ({
      effect: Effect,
      actions: [Action].flat(),
      resources: [resource].flat(),
    }));
}

function functionConfig(id: string, properties: Properties, directory: string): FunctionConfig {
  const { Code, Handler, Environment, Timeout } = properties as {
    Code: { S3Key: string };
    Handler: string;
    Environment?: { Variables: Record<string, string> };
    Timeout: number;
  };
  const [file, exportName = 'handler'] = Handler.split('.');
  return {
    name: id,
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

function resolveIntrinsics(value: unknown, arnOf: (id: string) => string): unknown {
  const resolve = (inner: unknown): unknown => resolveIntrinsics(inner, arnOf);
  if (Array.isArray(value)) return value.map(resolve);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key = '', argument] = entries[0] ?? [];
  if (entries.length === 1 && key === 'Ref') return pseudo[String(argument)] ?? String(argument);
  if (entries.length === 1 && key === 'Fn::GetAtt') return arnOf(String((argument as string[])[0]));
  if (entries.length === 1 && key === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map((part) => String(resolve(part))).join(separator);
  }
  if (entries.length === 1 && key === 'Fn::Sub') {
    return String(argument).replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => pseudo[name] ?? name);
  }
  if (entries.length === 1 && key.startsWith('Fn::')) throw new Error(`The intrinsic function ${key} is not simulated`);
  return Object.fromEntries(entries.map(([name, inner]) => [name, resolve(inner)]));
}

const pseudo: Record<string, string | undefined> = {
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'magnum-ha',
};

/** Only what the workflow names by ARN needs the right form. */
function arn(id: string, type: string): string {
  const forms: Record<string, string> = {
    'AWS::Lambda::Function': `lambda:${REGION}:${ACCOUNT}:function:${id}`,
    'AWS::DynamoDB::GlobalTable': `dynamodb:${REGION}:${ACCOUNT}:table/${id}`,
    'AWS::IAM::Role': `iam::${ACCOUNT}:role/${id}`,
    'AWS::StepFunctions::StateMachine': `states:${REGION}:${ACCOUNT}:stateMachine:${id}`,
  };
  return `arn:aws:${forms[type] ?? `service:${REGION}:${ACCOUNT}:${id}`}`;
}

/** IAM's wildcard. */
function matches(pattern: string, text: string): boolean {
  const literal = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${literal.join('.*')}$`).test(text);
}
