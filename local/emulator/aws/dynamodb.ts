import { ServiceError } from '../service-error';

interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
}
/** An item's attributes by name. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** What DynamoDB's item actions take, as far as the workflow uses them. */
export interface ItemRequest {
  readonly TableName: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly UpdateExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ConsistentRead?: boolean;
  /** @default NONE */
  readonly ReturnValues?: 'NONE' | 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_NEW';
}

/** A table with one partition key, with putItem, getItem, updateItem and deleteItem and their conditions. */
export class LocalTable {
  readonly items = new Map<string, Item>();

  constructor(private readonly partitionKey: string) {}

  /** @throws ServiceError ConditionalCheckFailedException, ValidationException */
  putItem(request: ItemRequest): object {
    const key = this.#key(request.Item);
    const old = this.items.get(key);
    check(request, old);
    this.items.set(key, request.Item ?? {});
    return request.ReturnValues === 'ALL_OLD' && old ? { Attributes: old } : {};
  }

  /** @throws ServiceError ValidationException */
  getItem({ Key }: ItemRequest): object {
    const item = this.items.get(this.#key(Key));
    return item ? { Item: item } : {};
  }

  /**
   * Changes an item, or makes it if there is none.
   *
   * @throws ServiceError ConditionalCheckFailedException, ValidationException
   */
  updateItem(request: ItemRequest): object {
    const key = this.#key(request.Key);
    const old = this.items.get(key);
    check(request, old);
    const changes = changesOf(request);
    const merged: Record<string, AttributeValue | undefined> = { ...(old ?? request.Key), ...changes };
    const item = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined)) as Item;
    this.items.set(key, item);
    return returned(request, old, item, changes);
  }

  /** @throws ServiceError ConditionalCheckFailedException, ValidationException */
  deleteItem(request: ItemRequest): object {
    const key = this.#key(request.Key);
    const old = this.items.get(key);
    check(request, old);
    this.items.delete(key);
    return request.ReturnValues === 'ALL_OLD' && old ? { Attributes: old } : {};
  }

  #key(item: Item | undefined): string {
    const value = item?.[this.partitionKey]?.S;
    if (value === undefined) throw invalid(`One of the required keys was not given a value: ${this.partitionKey}`);
    return value;
  }
}

type Changes = Readonly<Record<string, AttributeValue | undefined>>;

function returned({ ReturnValues }: ItemRequest, old: Item | undefined, item: Item, changes: Changes): object {
  switch (ReturnValues) {
    case 'ALL_OLD':
      return old ? { Attributes: old } : {};
    case 'ALL_NEW':
      return { Attributes: item };
    case 'UPDATED_NEW':
      return { Attributes: Object.fromEntries(Object.entries(item).filter(([name]) => name in changes)) };
    default:
      return {};
  }
}

/** What an update sets, and removes by undefined. Anything but `SET a = :b, …` and `REMOVE a, …` is refused. */
function changesOf(request: ItemRequest): Changes {
  const { UpdateExpression: expression = '', ExpressionAttributeValues: values = {} } = request;
  const changes: Record<string, AttributeValue | undefined> = {};
  for (const [, keyword = '', clause = ''] of expression.matchAll(
    /(\w+)\s+(.*?)\s*(?=\b(?:SET|REMOVE|ADD|DELETE)\b|$)/gis,
  )) {
    for (const part of clause.split(',').map((one) => one.trim())) {
      const [, set, operand] = /^([#\w]+)\s*=\s*(:\w+)$/.exec(part) ?? [];
      const [removed] = /^[#\w]+$/.exec(part) ?? [];
      const value = values[operand ?? ''];
      if (/^set$/i.test(keyword) && set !== undefined && value) changes[nameOf(set, request)] = value;
      else if (/^remove$/i.test(keyword) && removed !== undefined) changes[nameOf(removed, request)] = undefined;
      else throw invalid(`The update "${keyword} ${part}" is not simulated`);
    }
  }
  return changes;
}

function check(request: ItemRequest, item: Item = {}): void {
  const { ConditionExpression: expression } = request;
  if (expression === undefined || holds(expression, item, request)) return;
  throw new ServiceError('ConditionalCheckFailedException', 'The conditional request failed');
}

/**
 * Evaluates a condition of `attribute_exists`, `attribute_not_exists`, comparisons and IN, joined by OR and AND. Anything
 * else is refused rather than guessed.
 */
function holds(expression: string, item: Item, request: ItemRequest): boolean {
  const attribute = (name: string) => item[nameOf(name, request)];
  const term = (text: string): boolean => {
    const [, not, existing] = /^attribute_(not_)?exists\s*\(\s*([#\w]+)\s*\)$/.exec(text) ?? [];
    if (existing !== undefined) return (attribute(existing) === undefined) === (not !== undefined);
    const [, member, list = ''] = /^([#\w]+)\s+IN\s*\(([^()]*)\)$/.exec(text) ?? [];
    if (member !== undefined) return list.split(',').some((one) => term(`${member} = ${one.trim()}`));
    const [, left = '', operator = '', right = ''] = /^([#\w]+)\s*(=|<|<=|>|>=)\s*(:\w+)$/.exec(text) ?? [];
    const value = request.ExpressionAttributeValues?.[right];
    if (value === undefined) throw invalid(`The condition "${text}" is not simulated`);
    const order = compare(attribute(left), value);
    if (order === undefined) return false;
    return { '=': order === 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false;
  };
  return expression.split(/\s+OR\s+/).some((either) => either.split(/\s+AND\s+/).every((one) => term(one.trim())));
}

function nameOf(name: string, { ExpressionAttributeNames: names = {} }: ItemRequest): string {
  return names[name] ?? name;
}

/** Below, at or above zero; undefined if the attribute is missing or of another type: then no comparison holds. */
function compare(left: AttributeValue | undefined, right: AttributeValue): number | undefined {
  if (left?.N !== undefined && right.N !== undefined) return Number(left.N) - Number(right.N);
  if (left?.S !== undefined && right.S !== undefined) return left.S < right.S ? -1 : left.S > right.S ? 1 : 0;
  return undefined;
}

function invalid(message: string): ServiceError {
  return new ServiceError('ValidationException', message);
}
