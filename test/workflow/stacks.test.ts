import { allSecretNames } from '../../domain/secrets/references';
import { DEFAULT_STACK } from '../../domain/site/secret-names';
import { parseSite } from '../../domain/site/parse';
import { synthesized } from '../../local/emulator/assembly';
import { allows } from '../../local/emulator/aws/iam';
import type { Template } from '../../local/emulator/aws/template';
import { shipped } from '../domain/site/documents';

/** Everything in an account that has a name of its own, so that two stacks with the same could not be deployed. */
const namesIn = ({ machines, parameters }: Template) => [...machines.keys(), ...parameters.keys()];

const arnOf = (secret: string) => `arn:aws:ssm:us-east-1:123456789012:parameter${secret}`;

test('two stacks with prefixes in one account share no name, and read no secret of the other', async () => {
  const stacks = [DEFAULT_STACK, 'eu'];
  const templates = await Promise.all(stacks.map((stack) => synthesized(stack)));
  const secrets = stacks.map((stack) => allSecretNames(parseSite('golden', shipped('golden'), stack)));

  const names = templates.flatMap(namesIn);
  const read = templates.map(({ statements }) =>
    secrets.map((all) =>
      all.filter((secret) => [...statements.values()].some((one) => allows(one, 'ssm:GetParameters', arnOf(secret)))),
    ),
  );

  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining(['eu', 'eu-fleet', 'eu-recovery', '/eu/documents-bucket']));
  expect(read).toEqual([
    [secrets[0], []],
    [[], secrets[1]],
  ]);
}, 120_000);
