import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allows, nameOf, readTemplate, type Statement } from '../../../../local/emulator/aws/template';

const directory = mkdtempSync(join(tmpdir(), 'template-'));
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const arn = (...parts: unknown[]) => ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':', ...parts]] });
const lambdaCode = { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}-${AWS::Region}' }, S3Key: 'abc123.zip' };

/** A stack of one function that reads a secret, a table and a machine that calls both. */
const resources = {
  Stage: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: lambdaCode,
      Handler: 'index.handler',
      Role: { 'Fn::GetAtt': ['StageRole', 'Arn'] },
      Environment: { Variables: { SITE_PREFIX: '/magnum-ha/sites/', REGION: { Ref: 'AWS::Region' } } },
      Timeout: 30,
    },
  },
  StageRole: { Type: 'AWS::IAM::Role', Properties: {} },
  StagePolicy: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyDocument: {
        Statement: [
          {
            Effect: 'Allow',
            Action: ['ssm:GetParameters', 'ssm:GetParameter'],
            Resource: arn(
              'ssm:',
              { Ref: 'AWS::Region' },
              ':',
              { Ref: 'AWS::AccountId' },
              ':parameter/magnum-ha/golden/*',
            ),
          },
        ],
      },
      Roles: [{ Ref: 'StageRole' }],
    },
  },
  OtherPolicy: {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'ssm:*', Resource: '*' }] },
      Roles: [{ Ref: 'OtherRole' }],
    },
  },
  LogRetention: { Type: 'AWS::Lambda::Function', Properties: { PackageType: 'Image' } },
  Site: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/magnum-ha/sites/golden', Value: '{"name":"golden"}' } },
  Locks: {
    Type: 'AWS::DynamoDB::GlobalTable',
    Properties: { KeySchema: [{ AttributeName: 'site', KeyType: 'HASH' }] },
  },
  Machine: {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      DefinitionString: {
        'Fn::Join': [
          '',
          [
            '{"call":"',
            { 'Fn::GetAtt': ['Stage', 'Arn'] },
            '","lock":"',
            { Ref: 'Locks' },
            '","on":"',
            { Ref: 'AWS::Partition' },
            '"}',
          ],
        ],
      },
    },
  },
};

function read(changes: Record<string, unknown> = {}) {
  writeFileSync(join(directory, 'stack.template.json'), JSON.stringify({ Resources: { ...resources, ...changes } }));
  return readTemplate(directory, 'stack');
}

test('the definition has the names under which the stack deploys what it calls', () => {
  const { definition } = read();

  expect(definition).toEqual({
    call: 'arn:aws:lambda:us-east-1:123456789012:function:Stage',
    lock: 'Locks',
    on: 'aws',
  });
});

test('a function is its bundle with its environment and time limit; images and the like are left out', () => {
  const { functions } = read();

  expect([...functions]).toEqual([
    [
      'Stage',
      {
        name: 'Stage',
        file: join(directory, 'asset.abc123', 'index.js'),
        exportName: 'handler',
        environment: { SITE_PREFIX: '/magnum-ha/sites/', REGION: 'us-east-1' },
        timeoutSeconds: 30,
      },
    ],
  ]);
});

test('parameters and tables', () => {
  const { parameters, tables } = read();

  expect([...parameters]).toEqual([['/magnum-ha/sites/golden', '{"name":"golden"}']]);
  expect([...tables]).toEqual([['Locks', 'site']]);
});

test('a function may do what the policies of its own role allow', () => {
  const statements = read().statements.get('Stage') ?? [];

  const may = (action: string, parameter: string) =>
    allows(statements, action, `arn:aws:ssm:us-east-1:123456789012:parameter${parameter}`);

  expect(may('ssm:GetParameters', '/magnum-ha/golden/password')).toBe(true);
  expect(may('ssm:GetParameters', '/magnum-ha/silver/password')).toBe(false);
  expect(may('ssm:PutParameter', '/magnum-ha/golden/password')).toBe(false);
});

describe('allows', () => {
  const statement = (effect: string, action: string, resource: string): Statement => {
    return { effect, actions: [action], resources: [resource] };
  };
  const all = statement('Allow', '*', '*');

  test.each<[string, Statement[], boolean]>([
    ['nothing by default', [], false],
    ['everything by wildcards', [all], true],
    ['an action by a wildcard', [statement('Allow', 'ssm:Get*', 'arn:aws:ssm:*:parameter/a.b')], true],
    [
      'not a resource that only looks like it: a dot is a dot',
      [statement('Allow', 'ssm:*', 'arn:aws:ssm:*:parameter/a?b')],
      false,
    ],
    ['not a part of the action', [statement('Allow', 'ssm:Get', '*')], false],
    ['not what is denied, whatever allows it', [all, statement('Deny', 'ssm:*', '*'), all], false],
    ['what is denied elsewhere', [all, statement('Deny', 'ssm:*', 'arn:aws:ssm:*:parameter/other')], true],
  ])('%s', (_, statements, expected) => {
    expect(allows(statements, 'ssm:GetParameters', 'arn:aws:ssm:us-east-1:1:parameter/a.b')).toBe(expected);
  });
});

test.each([
  ['arn:aws:lambda:us-east-1:123456789012:function:Stage', 'Stage'],
  ['arn:aws:dynamodb:us-east-1:123456789012:table/Locks', 'Locks'],
  ['Locks', 'Locks'],
])('%s is named %s', (arnOrName, name) => {
  expect(nameOf(arnOrName)).toBe(name);
});

test('an intrinsic function that it does not know is refused by name', () => {
  const site = { Type: 'AWS::SSM::Parameter', Properties: { Name: { 'Fn::ImportValue': 'x' }, Value: '' } };

  expect(() => read({ Site: site })).toThrow('Fn::ImportValue');
});

test('a stack without a state machine is refused', () => {
  expect(() => read({ Machine: resources.Locks })).toThrow('no state machine');
});
