import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { ALARMS } from '../../domain/audit/monthly';
import { TASK_NAMES } from '../../domain/tasks';
import { allows } from '../../local/emulator/aws/iam';
import { ofType, type Synthesized, synthesizedStack } from '../synthesized';

/** Tried and done without: ssh2's native parts, and a signer for regions of AWS that share endpoints. */
const OPTIONAL = ['cpu-features', './crypto/build/Release/sshcrypto.node', '@aws-sdk/signature-v4-crt'];

let stack: Synthesized;
beforeAll(async () => {
  stack = await synthesizedStack();
}, 60_000);

test('neither cdk-nag nor a rule of CDK finds anything that is not acknowledged', () => {
  expect(stack.validation.pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
});

/** Functions of no task: two of the archive, the one that makes the fleet's matrix, and the weekly summary. */
const OTHERS = 4;

describe('functions', () => {
  const functions = () => ofType(stack, 'AWS::Lambda::Function').map(({ Properties }) => Properties);

  test('run on Node.js 24 on ARM, traced, with one log for all that the stack keeps for three months', () => {
    expect(functions()).toHaveLength(TASK_NAMES.length + OTHERS);
    for (const properties of functions()) {
      expect(properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        TracingConfig: { Mode: 'Active' },
        LoggingConfig: { LogFormat: 'JSON', LogGroup: { Ref: expect.stringMatching(/^Logs/) as string } },
      });
      expect(properties).not.toHaveProperty('VpcConfig');
    }
    for (const { Properties, DeletionPolicy } of ofType(stack, 'AWS::Logs::LogGroup')) {
      expect([Properties['RetentionInDays'], DeletionPolicy]).toEqual([90, 'Delete']);
    }
  });

  test('are invoked by version, and may be by an earlier one: a deploy changes nothing for an execution', () => {
    const versions = ofType(stack, 'AWS::Lambda::Version');
    const invoked = JSON.stringify(stack.definition).match(/arn:aws:lambda:[^"\\]+/g) ?? [];

    expect(versions.map(({ DeletionPolicy }) => DeletionPolicy)).toEqual(
      [...TASK_NAMES, 'archive', 'archive-look', 'fleet-matrix', 'weekly'].map(() => 'Retain'),
    );
    expect([...new Set(invoked)].filter((arn) => !/:function:\w+:\d+$/.test(arn))).toEqual([]);
    expect(new Set(invoked).size).toBe(TASK_NAMES.length);
    const { statements = [] } = stack.machines.get('magnum-ha') ?? {};
    for (const arn of invoked) {
      expect(allows(statements, 'lambda:InvokeFunction', arn.replace(/\d+$/, '999'))).toBe(true);
    }
  });

  test('learn nothing from their environment except where site documents are and records belong', () => {
    const environments = functions().flatMap(({ Environment }) => (Environment ? [Environment] : []));
    const bucket = { Ref: expect.stringMatching(/^Archive/) as string };
    const log = { Ref: expect.stringMatching(/^Logs/) as string };
    const documents = { Ref: expect.stringMatching(/^Documents/) as string };
    const ofTasks = { Variables: { DOCUMENTS_BUCKET: documents, STACK_NAME: 'magnum-ha' } };
    expect(environments).toEqual([
      ...TASK_NAMES.map(() => ofTasks),
      { Variables: { ARCHIVE_BUCKET: bucket, LOG_GROUP: log, RETENTION_DAYS: '2557' } },
      { Variables: { ARCHIVE_BUCKET: bucket, RETENTION_DAYS: '2557' } },
      { Variables: { FLEET_BUCKET: { Ref: expect.stringMatching(/^FleetResults/) as string } } },
      { Variables: { ARCHIVE_BUCKET: bucket, ...ofTasks.Variables } },
    ]);
  });

  test('bundle everything, also the AWS SDK; what is left out is optional', () => {
    for (const { file } of stack.functions.values()) {
      const required = [...readFileSync(file, 'utf8').matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name = '']) => name);
      const others = new Set(required.filter((name) => !isBuiltin(name)));
      expect([...others].filter((name) => !OPTIONAL.includes(name))).toEqual([]);
    }
  });

  test('are bundled apart: no two tasks share their code', () => {
    const digests = [...stack.functions.values()].map(({ file }) =>
      createHash('sha256').update(readFileSync(file)).digest('hex'),
    );
    expect(new Set(digests).size).toBe(TASK_NAMES.length + OTHERS);
  });
});

test('site documents lie in a bucket with versions, which nobody outside reads, and which outlives the stack', () => {
  const [bucket] = ofType(stack, 'AWS::S3::Bucket').filter(({ Properties }) => !Properties['ObjectLockEnabled']);

  expect(bucket).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: {
      VersioningConfiguration: { Status: 'Enabled' },
      BucketEncryption: expect.anything() as object,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    },
  });
  expect(JSON.stringify(ofType(stack, 'AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
});

test('the template knows no site: it is the same whatever sites there are', () => {
  const template = JSON.stringify(stack.resources);

  expect(ofType(stack, 'AWS::Scheduler::Schedule')).toHaveLength(3);
  expect(ofType(stack, 'AWS::SSM::Parameter').map(({ Properties }) => Properties['Name'])).toEqual([
    '/magnum-ha/documents-bucket',
    '/magnum-ha/archive-bucket',
    '/magnum-ha/fleet-bucket',
  ]);
  expect(template).not.toMatch(/fuel|10\.21\.22\./);
});

test.each(['hostKey', 'note'])('the table of %s expires its items, has backups, and is paid by use', (key) => {
  expect(ofType(stack, 'AWS::DynamoDB::Table')).toContainEqual(
    expect.objectContaining({
      DeletionPolicy: 'Delete',
      Properties: expect.objectContaining({
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: key, KeyType: 'HASH' }],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      }) as object,
    }),
  );
});

test('there is an alarm for what nobody looks at, told on the topic, with its section in the runbook', () => {
  const runbook = readFileSync('docs/runbook.md', 'utf8');
  const alarms = ofType(stack, 'AWS::CloudWatch::Alarm').map(({ Properties }) => Properties);

  expect(alarms.map(({ AlarmName }) => String(AlarmName).replace('magnum-ha-', '')).sort()).toEqual([
    'aborted',
    'drift-left',
    'failed',
    'no-check',
    'not-archived',
    'not-checked',
    'not-recovered',
    'not-started',
    'not-summarized',
    'not-swept',
    'outage-over-budget',
    'recovered',
    'site-waits',
    'timed-out',
  ]);
  expect(alarms).toHaveLength(ALARMS);
  for (const { AlarmName, AlarmDescription, AlarmActions } of alarms) {
    const section = String(AlarmName).replace('magnum-ha-', '');
    expect(AlarmDescription).toBe(`What it means and what to do: docs/runbook.md#${section}`);
    expect(runbook).toContain(`\n## ${section}\n`);
    expect(AlarmActions).toEqual([{ Ref: expect.stringMatching(/^People/) as string }]);
  }
});

test('the state machine logs every event without its payload, and is traced', () => {
  const [machine] = ofType(stack, 'AWS::StepFunctions::StateMachine');
  expect(machine?.Properties).toMatchObject({
    StateMachineType: 'STANDARD',
    LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
    TracingConfiguration: { Enabled: true },
  });
});

test('a saved query finds the commands of an execution in the logs of every function', () => {
  const [query] = ofType(stack, 'AWS::Logs::QueryDefinition');
  expect(query?.Properties['QueryString']).toMatch(/message\.execution.*message\.command/s);
  expect(query?.Properties['LogGroupNames']).toEqual([{ Ref: expect.stringMatching(/^Logs/) as string }]);
});

describe('archive', () => {
  test('its bucket keeps versions, is encrypted, for nobody else, and stays when the stack goes', () => {
    const [bucket] = ofType(stack, 'AWS::S3::Bucket').filter(({ Properties }) => Properties['ObjectLockEnabled']);
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockEnabled: true,
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
        BucketEncryption: { ServerSideEncryptionConfiguration: [{}] },
      },
    });
    expect(JSON.stringify(ofType(stack, 'AWS::S3::BucketPolicy'))).toContain('"aws:SecureTransport":"false"');
  });

  test('records every execution that has ended; what could not be recorded is kept', () => {
    const rules = ofType(stack, 'AWS::Events::Rule').map(({ Properties }) => JSON.stringify(Properties));
    const [rule = ''] = rules.filter((text) => text.includes('"SUCCEEDED"'));
    expect(rule).toContain('"status":["SUCCEEDED","FAILED","ABORTED","TIMED_OUT"]');
    expect(rule).toMatch(/DeadLetterConfig.*NotArchived/);
    expect(ofType(stack, 'AWS::Lambda::EventInvokeConfig')[0]?.Properties).toMatchObject({
      MaximumRetryAttempts: 2,
      DestinationConfig: { OnFailure: {} },
    });
  });
});

describe('compliance schedule', () => {
  test('checks all sites once a day, and tells of all once a week; what could not be started is kept', () => {
    const starting = (machine: RegExp, ScheduleExpression: string) =>
      expect.objectContaining({
        ScheduleExpression,
        State: 'ENABLED',
        Target: expect.objectContaining({
          Arn: { Ref: expect.stringMatching(machine) as string },
          Input: '{}',
          RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/NotStarted/) as string, 'Arn'] } },
        }) as object,
      }) as object;

    expect(ofType(stack, 'AWS::Scheduler::Schedule').map(({ Properties }) => Properties)).toEqual([
      starting(/^FleetStateMachine/, 'rate(1 day)'),
      starting(/^WeeklySummaryStateMachine/, 'cron(0 7 ? * MON *)'),
      starting(/^SweepStateMachine/, 'rate(1 day)'),
    ]);
  });

  test('its queue refuses what is not encrypted on the way', () => {
    const policies = JSON.stringify(ofType(stack, 'AWS::SQS::QueuePolicy'));
    expect(policies).toContain('"aws:SecureTransport":"false"');
    expect(ofType(stack, 'AWS::SQS::Queue')[0]?.Properties).toMatchObject({ SqsManagedSseEnabled: true });
  });
});
