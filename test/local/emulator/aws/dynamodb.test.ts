import { type ItemRequest, LocalTable } from '../../../../local/emulator/aws/dynamodb';

const names = { '#site': 'site', '#owner': 'owner' };
const lock = (owner: string, expiresAt = 100) => ({
  site: { S: 'golden' },
  owner: { S: owner },
  expiresAt: { N: String(expiresAt) },
});

/** A table that holds a lock of `owner`, or none. */
function table(owner?: string): LocalTable {
  const locks = new LocalTable('site');
  if (owner !== undefined) locks.putItem({ TableName: 'locks', Item: lock(owner) });
  return locks;
}

const get = (locks: LocalTable) => locks.getItem({ TableName: 'locks', Key: { site: { S: 'golden' } } });

const put =
  (locks: LocalTable, ConditionExpression: string, values: ItemRequest['ExpressionAttributeValues'] = {}) =>
  () =>
    locks.putItem({
      TableName: 'locks',
      Item: lock('me'),
      ConditionExpression,
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: values,
    });

const FAILED = expect.objectContaining({ name: 'DynamoDB.ConditionalCheckFailedException' }) as Error;

test('an item is put, got and deleted by its key', () => {
  const locks = table('another');

  const before = get(locks);
  locks.deleteItem({ TableName: 'locks', Key: { site: { S: 'golden' } } });

  expect(before).toEqual({ Item: lock('another') });
  expect(get(locks)).toEqual({});
});

test('a put takes the place of the whole item', () => {
  const locks = table('another');

  locks.putItem({ TableName: 'locks', Item: { site: { S: 'golden' } } });

  expect(get(locks)).toEqual({ Item: { site: { S: 'golden' } } });
});

test('an item needs its key', () => {
  const put = () => table().putItem({ TableName: 'locks', Item: { owner: { S: 'me' } } });

  expect(put).toThrow(expect.objectContaining({ name: 'DynamoDB.DynamoDbException' }) as Error);
});

describe('conditions', () => {
  const TAKE = 'attribute_not_exists(#site) OR expiresAt < :now OR #owner = :me';
  const values = (now: number) => ({ ':now': { N: String(now) }, ':me': { S: 'me' } });

  test.each<[string, string | undefined, string, ItemRequest['ExpressionAttributeValues'], boolean]>([
    ['a lock that nobody holds', undefined, TAKE, values(50), true],
    ["another's lock that has not expired", 'another', TAKE, values(100), false],
    ["another's lock that has expired", 'another', TAKE, values(101), true],
    // "100" comes before "99" in the alphabet.
    ["another's lock, by numbers and not by their texts", 'another', TAKE, values(99), false],
    ['my own lock', 'me', TAKE, values(50), true],
    [
      'a lock of one of several',
      'dead',
      '#owner IN (:dead, :me)',
      { ':dead': { S: 'dead' }, ':me': { S: 'me' } },
      true,
    ],
    [
      'a lock of none of several',
      'another',
      '#owner IN (:dead, :me)',
      { ':dead': { S: 'dead' }, ':me': { S: 'me' } },
      false,
    ],
    ['nothing, compared', undefined, '#owner = :me', { ':me': { S: 'me' } }, false],
    ['nothing, compared as a number', undefined, 'expiresAt < :now', { ':now': { N: '5' } }, false],
    ['a number compared with a text', 'another', 'expiresAt > :now', { ':now': { S: '1' } }, false],
    ['both of two', 'me', '#owner = :me AND expiresAt >= :now', values(100), true],
    ['one of two', 'me', '#owner = :me AND expiresAt > :now', values(100), false],
    ['AND before OR', 'me', 'attribute_exists(#site) OR #owner = :me AND expiresAt < :now', values(1), true],
    ['what must be there', undefined, 'attribute_exists(#site)', {}, false],
  ])('%s', (_, owner, condition, given, holds) => {
    const locks = table(owner);

    const outcome = outcomeOf(put(locks, condition, given));

    const before = owner === undefined ? {} : { Item: lock(owner) };
    expect(outcome).toBe(holds ? 'done' : 'DynamoDB.ConditionalCheckFailedException');
    expect(get(locks)).toEqual(holds ? { Item: lock('me') } : before);
  });

  test('on a deletion too', () => {
    const locks = table('another');
    const release = (me: string) => () =>
      locks.deleteItem({
        TableName: 'locks',
        Key: { site: { S: 'golden' } },
        ConditionExpression: '#owner = :me',
        ExpressionAttributeNames: names,
        ExpressionAttributeValues: { ':me': { S: me } },
      });

    expect(release('me')).toThrow(FAILED);
    expect(release('another')).not.toThrow();
    expect(get(locks)).toEqual({});
  });

  test.each([
    'begins_with(#owner, :me)',
    'NOT #owner = :me',
    '(#owner = :me)',
    '#owner <> :me',
    '#owner = :unknown',
    'size(#owner) > :me',
  ])('%s is not simulated, and not guessed', (condition) => {
    const taking = put(table('another'), condition, { ':me': { S: 'me' } });

    expect(taking).toThrow('is not simulated');
  });
});

/** Its error's name, or that it was done. */
function outcomeOf(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
}
