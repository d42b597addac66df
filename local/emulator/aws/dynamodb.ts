type AttributeValue = { readonly S?: string; readonly N?: string };
type Item = Readonly<Record<string, AttributeValue>>;

/** What DynamoDB's item actions take, as far as the workflow uses them. */
export interface ItemRequest {
  readonly TableName: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Item;
  readonly ConsistentRead?: boolean;
}

/** An item action was refused, under the service's own error name. */
export class DynamoDbError extends Error {
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/** A table with one partition key, with putItem, getItem and deleteItem and their conditions. */
export class LocalTable {
  readonly items = new Map<string, Item>();

  constructor(private readonly partitionKey: string) {}

  putItem(request: ItemRequest): object {
    const key = this.#key(request.Item);
    this.#check(request, this.items.get(key));
    this.items.set(key, request.Item ?? {});
    return {};
  }

  getItem({ Key }: ItemRequest): object {
    const item = this.items.get(this.#key(Key));
    return item ? { Item: item } : {};
  }

  deleteItem(request: ItemRequest): object {
    const key = this.#key(request.Key);
    this.#check(request, this.items.get(key));
    this.items.delete(key);
    return {};
  }

  #key(item: Item | undefined): string {
    const value = item?.[this.partitionKey]?.S;
    if (value === undefined) throw new DynamoDbError('DynamoDB.DynamoDbException', `No key ${this.partitionKey}`);
    return value;
  }

  #check({ ConditionExpression: expression, ...request }: ItemRequest, item: Item = {}): void {
    if (expression === undefined || holds(expression, item, request)) return;
    throw new DynamoDbError('DynamoDB.ConditionalCheckFailedException', 'The conditional request failed');
  }
}

/**
 * Evaluates a condition of `attribute_exists`, `attribute_not_exists`, comparisons and IN, joined by OR and AND. Anything
 * else is refused rather than guessed.
 */
function holds(expression: string, item: Item, request: Omit<ItemRequest, 'ConditionExpression'>): boolean {
  const attribute = (name: string) => item[request.ExpressionAttributeNames?.[name] ?? name];
  const term = (text: string): boolean => {
    const [, not, existing] = /^attribute_(not_)?exists\s*\(\s*([#\w]+)\s*\)$/.exec(text) ?? [];
    if (existing !== undefined) return (attribute(existing) === undefined) === (not !== undefined);
    const [, member, list = ''] = /^([#\w]+)\s+IN\s*\(([^()]*)\)$/.exec(text) ?? [];
    if (member !== undefined) return list.split(',').some((one) => term(`${member} = ${one.trim()}`));
    const [, left = '', operator = '', right = ''] = /^([#\w]+)\s*(=|<|<=|>|>=)\s*(:\w+)$/.exec(text) ?? [];
    const value = request.ExpressionAttributeValues?.[right];
    if (value === undefined) {
      throw new DynamoDbError('DynamoDB.DynamoDbException', `The condition "${text}" is not simulated`);
    }
    const order = compare(attribute(left), value);
    if (order === undefined) return false;
    return { '=': order === 0, '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false;
  };
  return expression.split(/\s+OR\s+/).some((either) => either.split(/\s+AND\s+/).every((one) => term(one.trim())));
}

/** Below, at or above zero; undefined where the attribute is missing or of another type: then no comparison holds. */
function compare(left: AttributeValue | undefined, right: AttributeValue): number | undefined {
  if (left?.N !== undefined && right.N !== undefined) return Number(left.N) - Number(right.N);
  if (left?.S !== undefined && right.S !== undefined) return left.S < right.S ? -1 : left.S > right.S ? 1 : 0;
  return undefined;
}
