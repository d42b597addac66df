import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { realClock } from '../../../../domain/world';
import { bundledFunctions } from '../../../../local/emulator/aws/bundled-functions';
import type { Functions, LogLine } from '../../../../local/emulator/aws/functions';
import type { Statement } from '../../../../local/emulator/aws/iam';
import { Bucket, Buckets } from '../../../../local/emulator/aws/s3';
import { counting } from './stack';

const directory = mkdtempSync(join(tmpdir(), 'bundled-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** Asks an endpoint as the SDK would, in the name of the function. */
const HANDLER = `async ({ path, target, body }) => {
  console.log('asked');
  const endpoint = target ? process.env.AWS_ENDPOINT_URL_SSM : process.env.AWS_ENDPOINT_URL_S3;
  const authorization = 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID + '/20300101/us-east-1/x/aws4_request';
  const headers = { authorization, ...(target && { 'x-amz-target': target }) };
  const answer = await fetch(endpoint + path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
  return { status: answer.status, text: await answer.text(), site: process.env.SITE, name: process.env.AWS_LAMBDA_FUNCTION_NAME };
}`;

const allow = (action: string, resource: string): Statement[] => [
  { effect: 'Allow', actions: [action], resources: [resource] },
];

let functions: Functions;
const logs: LogLine[] = [];
beforeAll(async () => {
  const file = join(directory, 'index.js');
  writeFileSync(file, `exports.handler = ${HANDLER};`);
  const config = (name: string) => ({
    name,
    file,
    exportName: 'handler',
    environment: { SITE: 'a' },
    timeoutSeconds: 60,
    description: '',
  });
  const documents = new Bucket('documents', true, realClock, counting());
  documents.put('sites/a.json', '{"name":"a"}');
  functions = await bundledFunctions({
    template: {
      machines: new Map(),
      functions: new Map(['reader', 'other'].map((name) => [name, config(name)])),
      statements: new Map([
        [
          'reader',
          [
            ...allow('s3:GetObject', 'arn:aws:s3:::documents/sites/*'),
            ...allow('ssm:GetParameters', 'arn:aws:ssm:us-east-1:123456789012:parameter/magnum-ha/a/*'),
          ],
        ],
      ]),
      policies: new Map(),
      parameters: new Map(),
      tables: new Map(),
      buckets: new Map(),
      topics: [],
      rules: [],
    },
    parameters: new Map([['/magnum-ha/a/password', { type: 'SecureString', value: 'secret' }]]),
    buckets: new Buckets([documents]),
    logs: [],
    stepFunctions: () => {
      throw new Error('there are no state machines');
    },
    clock: realClock,
    log: (line) => logs.push(line),
  });
});
afterAll(() => functions.close());

const invoke = (name: string, event: object) =>
  functions.invoke(name, event, new AbortController().signal) as Promise<{ status: number; text: string }>;

const OBJECT = { path: '/documents/sites/a.json' };
const PARAMETER = {
  path: '/',
  target: 'AmazonSSM.GetParameters',
  body: { Names: ['/magnum-ha/a/password'], WithDecryption: true },
};

test('a function reads what its role allows, in its own environment', async () => {
  const object = await invoke('reader', OBJECT);
  const parameter = await invoke('reader', PARAMETER);

  expect(object).toEqual({ status: 200, text: '{"name":"a"}', site: 'a', name: 'reader' });
  expect(JSON.parse(parameter.text)).toMatchObject({ Parameters: [{ Value: 'secret' }] });
});

test.each([
  ['an object', OBJECT],
  ['a parameter', PARAMETER],
])('another does not read %s', async (_, event) => {
  const { status, text } = await invoke('other', event);

  expect(status).toBeGreaterThanOrEqual(400);
  expect(text).toContain('AccessDenied');
  expect(text).not.toContain('secret');
});

test('what they print is logged, and their configuration tells where the endpoints are', async () => {
  await invoke('other', OBJECT);
  for (let left = 100; logs.length < 1 && left > 0; left--) await new Promise((resolve) => setTimeout(resolve, 20));

  expect(logs.at(-1)?.text).toBe('asked');
  expect(functions.configs.get('other')?.environment).toMatchObject({
    SITE: 'a',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_SSM: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    AWS_ENDPOINT_URL_S3: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
  });
});
