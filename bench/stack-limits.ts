import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { synthesized } from '../local/emulator/assembly';
import type { Use } from './step-functions-limits';

interface Resource {
  readonly Type: string;
  readonly Properties: { readonly PolicyDocument?: object };
}

/** What the stack takes of each limit of CloudFormation, IAM and Step Functions. It knows no site: it is the same for 1 and for 10,000. */
export async function stackUse(): Promise<Use[]> {
  const template = await synthesized();
  const [anyFunction] = template.functions.values();
  const directory = dirname(dirname(anyFunction?.file ?? ''));
  const text = readFileSync(join(directory, 'magnum-ha.template.json'), 'utf8');
  const resources = Object.entries((JSON.parse(text) as { Resources: Record<string, Resource> }).Resources);
  const definitions = [...template.machines].map(([name, { definition }]) => ({ name, length: lengthOf(definition) }));
  const policies = (type: string) =>
    resources.flatMap(([name, { Type, Properties }]) =>
      Type === type ? [{ name, length: lengthOf(Properties.PolicyDocument) }] : [],
    );
  const use = (limit: string, most: number, { name, length }: Named): Use => ({
    limit,
    most,
    here: length,
    where: name,
  });
  return [
    use('CloudFormation: bytes of the template', 1_000_000, { name: '', length: Buffer.byteLength(text) }),
    use('CloudFormation: resources', 500, { name: '', length: resources.length }),
    use('Step Functions: bytes of a definition', 1_000_000, longest(definitions)),
    use('IAM: characters of the policies of a role', 10_240, longest(policies('AWS::IAM::Policy'))),
    use('IAM: characters of a managed policy', 6144, longest(policies('AWS::IAM::ManagedPolicy'))),
  ];
}

interface Named {
  readonly name: string;
  readonly length: number;
}

function longest(all: readonly Named[]): Named {
  const [first] = [...all].sort((one, other) => other.length - one.length);
  return first ?? { name: '', length: 0 };
}

/** What CloudFormation puts in place of its own functions is about as long as they are. */
function lengthOf(value: unknown): number {
  return JSON.stringify(value).length;
}
