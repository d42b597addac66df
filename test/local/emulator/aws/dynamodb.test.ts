import { type ItemRequest, LocalTable } from '../../../../local/emulator/aws/dynamodb';
import type { ServiceError } from '../../../../local/emulator/service-error';

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

const FAILED = expect.objectContaining({ code: 'ConditionalCheckFailedException' }) as Error;

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

  expect(put).toThrow(expect.objectContaining({ code: 'ValidationException' }) as Error);
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
    expect(outcome).toBe(holds ? 'done' : 'ConditionalCheckFailedException');
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

describe('an update', () => {
  const KEY = { site: { S: 'golden' } };
  const renew = (locks: LocalTable, rest: Partial<ItemRequest> = {}) =>
    locks.updateItem({
      TableName: 'locks',
      Key: KEY,
      UpdateExpression: 'SET expiresAt = :until, #owner = :me',
      ConditionExpression: 'attribute_exists(#site) AND #owner = :me',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':until': { N: '900' }, ':me': { S: 'me' } },
      ...rest,
    });

  test('renews a lock that is mine', () => {
    const locks = table('me');

    const answer = renew(locks);

    expect(answer).toEqual({});
    expect(get(locks)).toEqual({ Item: lock('me', 900) });
  });

  test.each([
    ["another's", 'another'],
    ['that is gone', undefined],
  ])('does not renew one %s', (_, owner) => {
    const locks = table(owner);
    const before = get(locks);

    expect(() => renew(locks)).toThrow(FAILED);
    expect(get(locks)).toEqual(before);
  });

  // AWS recorded what UPDATED_NEW gives: test_dynamodb_put_update_get_item.
  test.each<[ItemRequest['ReturnValues'], object]>([
    ['NONE', {}],
    ['ALL_OLD', { Attributes: lock('me') }],
    ['ALL_NEW', { Attributes: lock('me', 900) }],
    ['UPDATED_NEW', { Attributes: { owner: { S: 'me' }, expiresAt: { N: '900' } } }],
  ])('answers with %s', (ReturnValues = 'NONE', expected) => {
    expect(renew(table('me'), { ReturnValues })).toEqual(expected);
  });

  test('sets some attributes and removes others', () => {
    const locks = table('me');

    locks.updateItem({
      TableName: 'locks',
      Key: KEY,
      UpdateExpression: 'set note=:note REMOVE expiresAt, #owner',
      ExpressionAttributeNames: names,
      ExpressionAttributeValues: { ':note': { S: 'free' } },
    });

    expect(get(locks)).toEqual({ Item: { site: { S: 'golden' }, note: { S: 'free' } } });
  });

  test('makes the item if there is none and no condition', () => {
    const locks = table();

    locks.updateItem({
      TableName: 'locks',
      Key: KEY,
      UpdateExpression: 'SET expiresAt = :until',
      ExpressionAttributeValues: { ':until': { N: '1' } },
    });

    expect(get(locks)).toEqual({ Item: { ...KEY, expiresAt: { N: '1' } } });
  });

  test.each([
    'ADD expiresAt :until',
    'SET expiresAt = expiresAt + :until',
    'SET a = if_not_exists(a, :until)',
    'SET a = :none',
  ])('%s is not simulated, and not guessed', (UpdateExpression) => {
    expect(() => renew(table('me'), { UpdateExpression })).toThrow('is not simulated');
  });
});

/** Its error's name, or that it was done. */
function outcomeOf(action: () => unknown): string {
  try {
    action();
    return 'done';
  } catch (error) {
    return (error as ServiceError).code;
  }
}
