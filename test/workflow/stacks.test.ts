import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUNDLING_STACKS } from 'aws-cdk-lib/cx-api';
import { allSecretNames } from '../../domain/secrets/references';
import { DEFAULT_STACK } from '../../domain/site/secret-names';
import { parseSite } from '../../domain/site/parse';
import { createApp } from '../../lib/app';
import { allows } from '../../local/emulator/aws/iam';
import { readTemplate, type Template } from '../../local/emulator/aws/template';
import { shipped } from '../domain/site/documents';

/** The stack with a prefix. No function is run: nothing is bundled. */
function templateOf(prefix: string): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'magnum-ha-stacks-'));
  process.env['CDK_CONTEXT_JSON'] = JSON.stringify({ [BUNDLING_STACKS]: [] });
  try {
    createApp({ prefix, outdir }).synth();
    return readTemplate(outdir, prefix);
  } finally {
    delete process.env['CDK_CONTEXT_JSON'];
    rmSync(outdir, { recursive: true });
  }
}

/** Everything in an account that has a name of its own, so that two stacks with the same could not be deployed. */
const namesIn = ({ machines, parameters }: Template) => [...machines.keys(), ...parameters.keys()];

const arnOf = (secret: string) => `arn:aws:ssm:us-east-1:123456789012:parameter${secret}`;

test('two stacks with prefixes in one account share no name, and read no secret of the other', () => {
  const stacks = [DEFAULT_STACK, 'eu'];
  const templates = stacks.map(templateOf);
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
