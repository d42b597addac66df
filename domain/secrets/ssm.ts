import {
  DescribeParametersCommand,
  GetParametersCommand,
  type ParameterStringFilter,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { MagnumHaError } from '../errors';
import type { SecretStore } from '../world';
import { Secrets, SHORTEST_SECRET } from './secrets';

type Client = Pick<SSMClient, 'send'>;

/** The secrets in SSM's Parameter Store. */
export function secretsIn(client: Client): SecretStore {
  return {
    read: (names, further = []) => readSecrets(client, names, further),
    check: (names, further = []) => checkSecrets(client, names, further),
  };
}

/** GetParameters takes ten names a call, a filter of DescribeParameters fifty values. */
const NAMES_PER_READ = 10;
const NAMES_PER_DESCRIPTION = 50;

/** A secret that the site document refers to is not in SSM. */
export class SecretMissing extends MagnumHaError {
  override readonly name = 'SecretMissing';
}

/** A secret is in SSM as plain text, where more people can read it. */
export class SecretNotEncrypted extends MagnumHaError {
  override readonly name = 'SecretNotEncrypted';
}

/** A secret is so short that it cannot be told apart from other text, nor be redacted. */
export class SecretTooShort extends MagnumHaError {
  override readonly name = 'SecretTooShort';
}

/** Reads and decrypts secrets. @throws SecretMissing, SecretNotEncrypted, SecretTooShort, with every name */
async function readSecrets(client: Client, names: readonly string[], further: readonly string[]): Promise<Secrets> {
  const answers = await Promise.all(
    chunks([...new Set([...names, ...further])], NAMES_PER_READ).map((Names) =>
      client.send(new GetParametersCommand({ Names, WithDecryption: true })),
    ),
  );
  const missing = answers
    .flatMap(({ InvalidParameters = [] }) => InvalidParameters)
    .filter((name) => !further.includes(name));
  if (missing.length > 0) throw new SecretMissing(missingMessage(missing));
  const parameters = answers.flatMap(({ Parameters = [] }) => Parameters);
  refusePlain(parameters.flatMap(({ Name = '', Type }) => (Type === 'SecureString' ? [] : [Name])));
  const short = parameters.filter(({ Value = '' }) => Value.trim().length < SHORTEST_SECRET);
  if (short.length > 0) {
    throw new SecretTooShort(
      `Secrets of fewer than ${SHORTEST_SECRET} characters would show in reports and errors: they cannot be told from other ` +
        `text. Change the secret in ${short.map(({ Name = '' }) => Name).join(', ')} and wherever it is used.`,
    );
  }
  return new Secrets(new Map(parameters.map(({ Name = '', Value = '' }) => [Name, Value])));
}

/**
 * Checks that every secret exists and is encrypted, without reading one.
 *
 * @throws SecretMissing, SecretNotEncrypted, with every name
 */
async function checkSecrets(client: Client, names: readonly string[], further: readonly string[]): Promise<void> {
  const types = await typesOf(client, [...names, ...further]);
  const missing = names.filter((name) => !types.has(name));
  if (missing.length > 0) throw new SecretMissing(missingMessage(missing));
  refusePlain([...types].flatMap(([name, type]) => (type === 'SecureString' ? [] : [name])));
}

function refusePlain(names: readonly string[]): void {
  if (names.length === 0) return;
  throw new SecretNotEncrypted(
    `SSM parameters that hold secrets must be of type SecureString: ${names.join(', ')}. Delete them and put them again ` +
      `with --type SecureString, and change the secrets: others may have read them.`,
  );
}

/** The types of those parameters that exist, without reading one. */
export async function typesOf(client: Client, names: readonly string[]): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  for (const Values of chunks([...new Set(names)], NAMES_PER_DESCRIPTION)) {
    const found = await describe(client, { Key: 'Name', Option: 'Equals', Values });
    for (const [name, type] of found) types.set(name, type);
  }
  return types;
}

/** The parameters that a filter lets through, with their types. */
async function describe(client: Client, filter: ParameterStringFilter): Promise<Map<string, string>> {
  const types = new Map<string, string>();
  let NextToken: string | undefined;
  do {
    const answer = await client.send(
      new DescribeParametersCommand({ ParameterFilters: [filter], ...(NextToken ? { NextToken } : {}) }),
    );
    for (const { Name = '', Type = '' } of answer.Parameters ?? []) types.set(Name, Type);
    NextToken = answer.NextToken;
  } while (NextToken);
  return types;
}

function missingMessage(names: readonly string[]): string {
  return (
    `There is no SSM parameter ${names.join(', ')}. Put each with: magnum-ha secrets put NAME, or ` +
    `aws ssm put-parameter --type SecureString --name NAME --value file://FILE.`
  );
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
