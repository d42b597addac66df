import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Template } from 'aws-cdk-lib/assertions';
import { BUNDLING_STACKS } from 'aws-cdk-lib/cx-api';
import { fileOf, TASK_NAMES, TASKS } from '../../domain/tasks';
import { createApp } from '../../lib/app';

let outdir: string;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'magnum-ha-app-'));
});
afterAll(() => {
  rmSync(outdir, { recursive: true });
});

/** The app as the CDK CLI runs it with `-c`. Nothing is bundled: only the template counts here. */
function appWith(context: Record<string, unknown>) {
  process.env['CDK_CONTEXT_JSON'] = JSON.stringify({ ...context, [BUNDLING_STACKS]: [] });
  try {
    return createApp({ outdir });
  } finally {
    delete process.env['CDK_CONTEXT_JSON'];
  }
}
interface PolicyStatement {
  readonly Action: string | readonly string[];
  readonly Condition?: object;
}
/** What all roles of a stack may do, or people with its managed policies. */
const statementsOf = (template: Template, type = 'AWS::IAM::Policy') =>
  Object.values(
    template.findResources(type) as Record<
      string,
      { Properties: { PolicyDocument: { Statement: readonly PolicyStatement[] } } }
    >,
  ).flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
const stackOf = (app: App) => {
  const [stack] = app.node.findAll().filter((one) => Stack.isStack(one));
  if (!stack) throw new Error('the app has no stack');
  return stack;
};

describe('createApp', () => {
  test('refuses what cdk-nag finds', () => {
    const app = appWith({});
    new Bucket(stackOf(app), 'Unencrypted');
    expect(() => app.synth()).toThrow('AwsSolutions-S1');
  }, 60_000);

  test('names the stack, its machines and its parameters by the prefix', () => {
    const stack = stackOf(appWith({ prefix: 'eu' }));
    const template = Template.fromStack(stack);
    const namesOf = (type: string, property: string) =>
      Object.values(template.findResources(type) as Record<string, { Properties: Record<string, unknown> }>).map(
        ({ Properties }) => Properties[property],
      );

    expect(stack.node.id).toBe('eu');
    expect(namesOf('AWS::StepFunctions::StateMachine', 'StateMachineName')).toEqual([
      'eu',
      'eu-fleet',
      'eu-recovery',
      'eu-weekly',
      'eu-check',
      'eu-sweep',
    ]);
    expect(namesOf('AWS::IAM::ManagedPolicy', 'ManagedPolicyName')).toEqual(
      ['check', 'apply', 'approve', 'audit'].map((role) => ({
        'Fn::Join': ['', ['eu-', { Ref: 'AWS::Region' }, `-${role}`]],
      })),
    );
    expect(namesOf('AWS::SSM::Parameter', 'Name')).toEqual([
      '/eu/documents-bucket',
      '/eu/archive-bucket',
      '/eu/fleet-bucket',
    ]);
    expect(JSON.stringify(statementsOf(template))).not.toContain('parameter/magnum-ha/');
  });

  test('puts the functions that open SSH connections into a network, and only those, and cdk-nag still finds nothing', () => {
    const network = { subnetIds: ['subnet-0123456789abcdef0'], securityGroupIds: ['sg-0123456789abcdef0'] };
    const app = appWith({ network });
    expect(() => app.synth()).not.toThrow();
    const functions = Template.fromStack(stackOf(app)).findResources('AWS::Lambda::Function');
    const inside = Object.values(functions as Record<string, { Properties: Record<string, unknown> }>).flatMap(
      ({ Properties }) =>
        Properties['VpcConfig'] ? [String(Properties['Description']).replace('magnum-ha: ', '')] : [],
    );
    expect(inside.sort()).toEqual(
      TASK_NAMES.filter((task) => TASKS[task].connects)
        .map(fileOf)
        .sort(),
    );
    Template.fromStack(stackOf(app)).hasResourceProperties('AWS::Lambda::Function', {
      Description: 'magnum-ha: cycle',
      VpcConfig: { SubnetIds: ['subnet-0123456789abcdef0'], SecurityGroupIds: ['sg-0123456789abcdef0'] },
    });
  }, 60_000);

  test('has no more functions of an execution at work at a time than the setting says', () => {
    const app = appWith({ concurrency: '4' });

    app.synth();
    const [machine] = Object.values(
      Template.fromStack(stackOf(app)).findResources('AWS::StepFunctions::StateMachine', {
        Properties: { StateMachineName: 'magnum-ha' },
      }),
    );
    const definition = JSON.stringify(machine);
    const bounds = [...definition.matchAll(/MaxConcurrency\W+(\d+)/g)].map(([, bound]) => Number(bound));
    expect(new Set(bounds)).toEqual(new Set([1, 4]));
    expect(bounds).toHaveLength([...definition.matchAll(/Type\W+Map\W/g)].length);
  }, 60_000);

  test('encrypts everything it keeps with the key of the setting, and lets functions decrypt through SSM alone', () => {
    const kmsKey = 'arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef';

    const app = appWith({ kmsKey });

    expect(() => app.synth()).not.toThrow();
    const template = Template.fromStack(stackOf(app));
    const every = (type: string) =>
      Object.values(template.findResources(type) as Record<string, { Properties: Record<string, unknown> }>).map(
        ({ Properties }) => JSON.stringify(Properties),
      );
    const kept = [
      'AWS::Logs::LogGroup',
      'AWS::DynamoDB::Table',
      'AWS::S3::Bucket',
      'AWS::SQS::Queue',
      'AWS::StepFunctions::StateMachine',
    ].flatMap(every);
    expect(kept.length).toBeGreaterThan(6);
    expect(kept.filter((properties) => !properties.includes(kmsKey))).toEqual([]);
    const decrypting = statementsOf(template).filter(({ Action }) => Action === 'kms:Decrypt');
    expect(decrypting.filter(({ Condition }) => Condition !== undefined)).toHaveLength(
      // The weekly summary's records, and each task's documents and secrets.
      1 + TASK_NAMES.length + TASK_NAMES.filter((task) => TASKS[task].secrets.length > 0).length,
    );
    const roles = statementsOf(template, 'AWS::IAM::ManagedPolicy').filter(({ Action }) =>
      /^kms:/.test(String(Action)),
    );
    // To look: each. To start: check, apply. To answer: approve. To read objects: audit.
    expect(roles.filter(({ Condition }) => JSON.stringify(Condition).includes('kms:ViaService'))).toHaveLength(8);
    expect(roles).toHaveLength(8);
    const keeping = statementsOf(template).filter(({ Action }) => Action.includes('kms:GenerateDataKey'));
    expect(keeping.map(({ Condition }) => Object.keys(Condition ?? {}))).toContainEqual(['StringEquals']);
  }, 60_000);

  test('locks records by the setting, and only then may set how long', () => {
    const [locked, open] = [{ retentionDays: 30, objectLock: 'COMPLIANCE' }, {}].map((archive) =>
      Template.fromStack(stackOf(appWith({ archive }))),
    );
    const locks = (template?: Template) =>
      JSON.stringify(template?.toJSON())
        .match(/s3:PutObjectRetention|"(RETENTION_DAYS|OBJECT_LOCK)":"\w+"/g)
        ?.sort();

    // Of the function that writes records of executions, and of the one that writes those of looks.
    const twice = (...texts: string[]) => texts.flatMap((one) => [one, one]);
    expect(locks(locked)).toEqual(
      twice('"OBJECT_LOCK":"COMPLIANCE"', '"RETENTION_DAYS":"30"', 's3:PutObjectRetention'),
    );
    expect(locks(open)).toEqual(twice('"RETENTION_DAYS":"2557"'));
    expect(() => appWith({ archive: { retentionDays: 0 } })).toThrow('archive.retentionDays: must be at least 1');
  }, 60_000);
});

describe('settings', () => {
  test('sites are due by how their names begin, and runs begin at any time in a window', () => {
    const checkRate = '{"prod-*": "rate(1 hour)", "*": "cron(0 6 * * ? *)"}';
    const template = Template.fromStack(stackOf(appWith({ checkRate, fleet: { staggerMinutes: 30 } })));

    const schedules = Object.values(
      template.findResources('AWS::Scheduler::Schedule') as Record<
        string,
        { Properties: { ScheduleExpression: string; FlexibleTimeWindow: object; Target: { Input: string } } }
      >,
    ).map(({ Properties: { ScheduleExpression, FlexibleTimeWindow, Target } }) => [
      ScheduleExpression,
      Target.Input,
      FlexibleTimeWindow,
    ]);
    const window = { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 30 };
    expect(schedules.slice(0, 2)).toEqual([
      ['rate(1 hour)', '{"sites":"prod-*"}', window],
      ['cron(0 6 * * ? *)', '{}', window],
    ]);
    // Those of the weekly summary and of the sweep.
    expect(schedules.slice(2).map(([, , one]) => one)).toEqual([{ Mode: 'OFF' }, { Mode: 'OFF' }]);
  });

  test('an alarm tells if there is no check for as long as the setting says, or a week', () => {
    const periodsOf = (fleet: object) => {
      const alarms = Object.values(
        Template.fromStack(stackOf(appWith({ fleet }))).findResources('AWS::CloudWatch::Alarm') as Record<
          string,
          { Properties: { AlarmName: string; Period: number; EvaluationPeriods: number } }
        >,
      );
      const { Period, EvaluationPeriods } =
        alarms.find(({ Properties }) => Properties.AlarmName === 'magnum-ha-no-check')?.Properties ?? {};
      return [Period, EvaluationPeriods];
    };

    expect([periodsOf({ alarmAfterHours: 12 }), periodsOf({ alarmAfterHours: 1000 })]).toEqual([
      [3600, 12],
      [3600, 168],
    ]);
  });

  test('a rate that is none is refused', () => {
    expect(() => appWith({ checkRate: 'daily' })).toThrow('checkRate: must be rate(…) or cron(…)');
  });
});
