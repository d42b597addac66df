import { allows, type Statement, statementsOf } from '../../../../local/emulator/aws/iam';

describe('allows', () => {
  const statement = (effect: string, action: string, resource: string): Statement => {
    return { effect, actions: [action], resources: [resource] };
  };
  const all = statement('Allow', '*', '*');

  test.each<[string, Statement[], boolean]>([
    ['nothing by default', [], false],
    ['one character by a question mark', [statement('Allow', 'ssm:*', 'arn:*:parameter/a.?')], true],
    ['not none by a question mark', [statement('Allow', 'ssm:*', 'arn:*:parameter/a.b?')], false],
    ['everything by wildcards', [all], true],
    ['an action by a wildcard', [statement('Allow', 'ssm:Get*', 'arn:aws:ssm:*:parameter/a.b')], true],
    [
      'not a resource that only looks like it: a dot is a dot',
      [statement('Allow', 'ssm:*', 'arn.aws:ssm:*:parameter/a.b')],
      false,
    ],
    ['not a part of the action', [statement('Allow', 'ssm:Get', '*')], false],
    ['not what is denied, whatever allows it', [all, statement('Deny', 'ssm:*', '*'), all], false],
    ['what is denied elsewhere', [all, statement('Deny', 'ssm:*', 'arn:aws:ssm:*:parameter/other')], true],
  ])('%s', (_, statements, expected) => {
    expect(allows(statements, 'ssm:GetParameters', 'arn:aws:ssm:us-east-1:1:parameter/a.b')).toBe(expected);
  });
});

test('statements name one action and resource, or several', () => {
  const one = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'a' };
  const several = { Effect: 'Deny', Action: ['s3:PutObject', 's3:DeleteObject'], Resource: ['a', 'b'] };

  const statements = statementsOf([{ Statement: [one] }, { Statement: [several] }]);

  expect(statements).toEqual([
    { effect: 'Allow', actions: ['s3:GetObject'], resources: ['a'] },
    { effect: 'Deny', actions: ['s3:PutObject', 's3:DeleteObject'], resources: ['a', 'b'] },
  ]);
});
