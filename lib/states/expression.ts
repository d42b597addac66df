declare const valueType: unique symbol;

/** A JSONata expression whose value is of type T. */
export class Expression<T> {
  declare readonly [valueType]: T;

  constructor(
    /** The source, without `{% %}`. */
    readonly source: string,
  ) {}

  /** A field of the value. */
  dot<Key extends keyof NonNullable<T> & string>(key: Key): Expression<NonNullable<T>[Key]> {
    return new Expression(`${this.source}.${key}`);
  }

  /** The same value, which an earlier state has set. */
  get present(): Expression<NonNullable<T>> {
    return new Expression(this.source);
  }

  /** As a state's field takes it. */
  get template(): string {
    return `{% ${this.source} %}`;
  }
}

/** What can stand in an expression: another one, or a value. */
type Part = Expression<unknown> | string | number | boolean | null;

/** An expression written out: `` jsonata<boolean>`${$.plan.dot('cycle')} = true` ``. Values stand in it as literals. */
export function jsonata<T>(texts: TemplateStringsArray, ...parts: readonly Part[]): Expression<T> {
  return new Expression(interleave(texts, parts.map(sourceOf)).join(''));
}

/** An expression that gives a text for people: `` text`Site ${$.site.dot('name')} is busy` ``. */
export function text(
  texts: TemplateStringsArray,
  ...parts: readonly (Expression<string | number> | string | number)[]
): Expression<string> {
  const literals = texts.map((one) => (one === '' ? undefined : JSON.stringify(one)));
  const joined = interleave(literals, parts.map(sourceOf)).filter((one) => one !== undefined);
  // Joining makes a text of any value.
  const sources = parts.length > 0 && literals[0] === undefined ? ['""', ...joined] : joined;
  return new Expression(sources.join(' & '));
}

/** A variable of the state machine, or a field of `$states`. */
export function variable<T>(name: string): Expression<T> {
  return new Expression(`$${name}`);
}

/** The moment the state was entered, in milliseconds since 1970. */
export const NOW = new Expression<number>('$toMillis($states.context.State.EnteredTime)');

/** ARN of the execution. */
export const EXECUTION = variable<string>('states.context.Execution.Id');

/** The state's input. */
export const INPUT = variable<never>('states.input');

function sourceOf(part: Part): string {
  if (!(part instanceof Expression)) return JSON.stringify(part);
  // A path or a call needs no brackets.
  return /^\$[\w.]+(\([\w$.]*\))?$/.test(part.source) ? part.source : `(${part.source})`;
}

function interleave<T>(between: readonly T[], parts: readonly T[]): T[] {
  return between.flatMap((one, index) => (index < parts.length ? [one, parts[index] as T] : [one]));
}
