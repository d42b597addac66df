import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allows } from '../../../../local/emulator/aws/iam';
import { readTemplate } from '../../../../local/emulator/aws/template';

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
    Type: 'AWS::DynamoDB::Table',
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

test('a definition has the names under which the stack deploys what it calls', () => {
  const { machines } = read();

  expect(machines.get('Machine')?.definition).toEqual({
    call: 'arn:aws:lambda:us-east-1:123456789012:function:Stage',
    lock: 'Locks',
    on: 'aws',
  });
});

test('all state machines are there, by name, with their type and what their role allows', () => {
  const recovery = {
    Type: 'AWS::StepFunctions::StateMachine',
    Properties: {
      StateMachineName: 'magnum-ha-recovery',
      StateMachineType: 'EXPRESS',
      RoleArn: { 'Fn::GetAtt': ['RecoveryRole', 'Arn'] },
      DefinitionString: '{"StartAt":"A"}',
    },
  };
  const role = {
    Type: 'AWS::IAM::Role',
    Properties: {
      Policies: [
        {
          PolicyDocument: {
            Statement: [{ Effect: 'Allow', Action: 'states:StartExecution', Resource: { Ref: 'Machine' } }],
          },
        },
      ],
    },
  };
  const policy = {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: {
      PolicyDocument: { Statement: [{ Effect: 'Deny', Action: ['sns:*'], Resource: '*' }] },
      Roles: [{ Ref: 'RecoveryRole' }],
    },
  };

  const { machines } = read({ Recovery: recovery, RecoveryRole: role, RecoveryPolicy: policy });

  expect([...machines.keys()]).toEqual(['Machine', 'magnum-ha-recovery']);
  expect(machines.get('Machine')?.type).toBe('STANDARD');
  expect(machines.get('magnum-ha-recovery')).toEqual({
    name: 'magnum-ha-recovery',
    arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:magnum-ha-recovery',
    type: 'EXPRESS',
    definition: { StartAt: 'A' },
    roleArn: 'arn:aws:iam::123456789012:role/RecoveryRole',
    statements: [
      { effect: 'Deny', actions: ['sns:*'], resources: ['*'] },
      {
        effect: 'Allow',
        actions: ['states:StartExecution'],
        resources: ['arn:aws:states:us-east-1:123456789012:stateMachine:Machine'],
      },
    ],
  });
});

test('buckets, topics and rules for events; schedules and rules that are disabled are left out', () => {
  const rule = (rest: object) => ({ Type: 'AWS::Events::Rule', Properties: rest });
  const pattern = { source: ['aws.states'] };
  const target = { Id: 'T', Arn: { Ref: 'Machine' }, RoleArn: { 'Fn::GetAtt': ['StageRole', 'Arn'] } };

  const { buckets, topics, rules } = read({
    Documents: {
      Type: 'AWS::S3::Bucket',
      Properties: { VersioningConfiguration: { Status: 'Enabled' }, BucketName: 'documents' },
    },
    Plain: { Type: 'AWS::S3::Bucket' },
    Alarms: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'alarms' } },
    Failed: rule({ EventPattern: pattern, Targets: [target] }),
    Nightly: rule({ ScheduleExpression: 'rate(1 day)', Targets: [target] }),
    Off: rule({ EventPattern: pattern, State: 'DISABLED', Targets: [target] }),
  });

  expect([...buckets]).toEqual([
    ['documents', true],
    ['plain', false],
  ]);
  expect(topics).toEqual(['arn:aws:sns:us-east-1:123456789012:alarms']);
  expect(rules).toMatchObject([
    {
      name: 'Failed',
      pattern,
      targets: [
        {
          Arn: 'arn:aws:states:us-east-1:123456789012:stateMachine:Machine',
          statements: [{ actions: ['ssm:GetParameters', 'ssm:GetParameter'] }],
        },
      ],
    },
  ]);
});

test('a function is its bundle with its environment and time limit; images and the like are left out', () => {
  const { functions } = read();

  expect([...functions]).toEqual([
    [
      'Stage',
      {
        name: 'Stage',
        description: '',
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

test('a stack without a state machine is refused', () => {
  expect(() => read({ Machine: resources.Locks })).toThrow('no state machine');
});
