import { nameOf, type Resource, Resources } from '../../../../local/emulator/aws/intrinsics';

const resources: Record<string, Resource> = {
  Stage: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: { 'Fn::Join': ['-', ['a', 'stage']] } } },
  StageVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Stage' } } },
  StageAlias: { Type: 'AWS::Lambda::Alias', Properties: { FunctionName: { Ref: 'Stage' }, Name: 'live' } },
  Locks: { Type: 'AWS::DynamoDB::Table' },
  Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'site' } },
  Alarms: { Type: 'AWS::SNS::Topic' },
  Documents: { Type: 'AWS::S3::Bucket' },
  Other: { Type: 'AWS::Some::Thing' },
};
const resolve = (value: unknown) => new Resources(resources, 'magnum-ha').resolve(value);

test.each<[string, unknown, unknown]>([
  ['a pseudo parameter', { Ref: 'AWS::Region' }, 'us-east-1'],
  ['a name that the template gives', { Ref: 'Stage' }, 'a-stage'],
  ['a name that it does not give', { Ref: 'Locks' }, 'Locks'],
  ['a bucket, whose name has no capitals', { Ref: 'Documents' }, 'documents'],
  ['a state machine', { Ref: 'Machine' }, 'arn:aws:states:us-east-1:123456789012:stateMachine:site'],
  ['its name', { 'Fn::GetAtt': ['Machine', 'Name'] }, 'site'],
  ['a topic', { Ref: 'Alarms' }, 'arn:aws:sns:us-east-1:123456789012:Alarms'],
  ['a version', { Ref: 'StageVersion' }, 'arn:aws:lambda:us-east-1:123456789012:function:a-stage:1'],
  ['an alias', { Ref: 'StageAlias' }, 'arn:aws:lambda:us-east-1:123456789012:function:a-stage:live'],
  ['an ARN', { 'Fn::GetAtt': ['Documents', 'Arn'] }, 'arn:aws:s3:::documents'],
  ['another ARN', { 'Fn::GetAtt': ['Other', 'Arn'] }, 'arn:aws:service:us-east-1:123456789012:Other'],
  ['parts, joined', { 'Fn::Join': ['/', ['a', { Ref: 'Locks' }]] }, 'a/Locks'],
  [
    'a text with names in it',
    { 'Fn::Sub': 'x-${AWS::Region}-${Locks}-${Stage.Arn}' },
    expect.stringMatching(/^x-us-east-1-Locks-arn:aws:lambda/),
  ],
  [
    'a text with its own names in it',
    { 'Fn::Sub': ['${A}-${!Literal}', { A: { Ref: 'Locks' } }] },
    'Locks-${!Literal}',
  ],
  ['one part of an ARN', { 'Fn::Select': [6, { 'Fn::Split': [':', { Ref: 'Machine' }] }] }, 'site'],
  ['what is inside', { a: [{ b: { Ref: 'Locks' } }, 1, null] }, { a: [{ b: 'Locks' }, 1, null] }],
])('%s', (_, value, expected) => {
  expect(resolve(value)).toEqual(expected);
});

test('all resources of a type', () => {
  const found = new Resources(resources, 'magnum-ha').ofType('AWS::Lambda::Function');

  expect(found).toEqual([
    {
      id: 'Stage',
      name: 'a-stage',
      arn: 'arn:aws:lambda:us-east-1:123456789012:function:a-stage',
      properties: { FunctionName: 'a-stage' },
    },
  ]);
});

test('an intrinsic function that is not simulated is refused by name', () => {
  expect(() => resolve({ 'Fn::ImportValue': 'x' })).toThrow('Fn::ImportValue');
});

test.each([
  ['arn:aws:lambda:us-east-1:123456789012:function:Stage', 'Stage'],
  ['arn:aws:dynamodb:us-east-1:123456789012:table/Locks', 'Locks'],
  ['Locks', 'Locks'],
])('%s is named %s', (arnOrName, name) => {
  expect(nameOf(arnOrName)).toBe(name);
});
