import type { Clock, Random } from '../../../domain/world';
import { uuid } from '../uuid';
import { checkPattern, matchesPattern } from './event-pattern';
import { allows, type Statement } from './iam';
import { ACCOUNT, REGION } from './intrinsics';

/** A target of a rule, as CloudFormation has it. */
export interface Target {
  readonly Arn: string;
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: {
    readonly InputPathsMap?: Readonly<Record<string, string>>;
    readonly InputTemplate: string;
  };
  /** What the role allows that the rule has for this target. */
  readonly statements: readonly Statement[];
}

/** A rule of the default event bus. */
export interface Rule {
  readonly name: string;
  readonly pattern: object;
  readonly targets: readonly Target[];
}

/** What the sender of an event says of it. */
export interface Entry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
  readonly resources: readonly string[];
}

/** An event that a target did not get. EventBridge tells of it in a metric only. */
export interface Undelivered {
  readonly rule: string;
  readonly target: string;
  readonly reason: string;
}

/** Hands an event's input to a target; rejects if that does not take it, or if the bus is closed. */
export type Deliver = (target: Target, input: unknown, closed: AbortSignal) => Promise<void>;

/** How long an event is on its way, in milliseconds: about half a second as a rule. */
const DELIVERY_MS = 500;

/** The default event bus of EventBridge with the rules of a stack. */
export class EventBus {
  readonly undelivered: Undelivered[] = [];
  readonly #closing = new AbortController();
  #underWay = 0;
  #settled: (() => void)[] = [];

  /** @throws Error if a rule's pattern is not simulated */
  constructor(
    private readonly rules: readonly Rule[],
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly deliver: Deliver,
  ) {
    for (const { pattern } of rules) checkPattern(pattern);
  }

  /** @returns the event's ID */
  put({ source, detailType, detail, resources }: Entry): string {
    const id = uuid(this.random);
    const event = {
      version: '0',
      id,
      'detail-type': detailType,
      source,
      account: ACCOUNT,
      time: new Date(this.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      region: REGION,
      resources,
      detail,
    };
    for (const rule of this.rules) {
      if (!matchesPattern(rule.pattern, event)) continue;
      for (const target of rule.targets) {
        this.#underWay++;
        this.clock.after(DELIVERY_MS, () => {
          void this.#deliver(rule, target, event).then(() => {
            this.#underWay--;
            if (this.#underWay === 0) for (const resolve of this.#settled.splice(0)) resolve();
          });
        });
      }
    }
    return id;
  }

  /** Resolves when nothing is under way to a target any more, and functions have done with what they got. */
  settled(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#underWay === 0) resolve();
      else this.#settled.push(resolve);
    });
  }

  /** From now on nothing is delivered any more. */
  close(): void {
    this.#closing.abort(new Error('The bus was closed'));
  }

  async #deliver({ name: rule }: Rule, target: Target, event: object): Promise<void> {
    const { signal } = this.#closing;
    if (signal.aborted) return;
    try {
      await this.deliver(target, inputFor(target, event), signal);
    } catch (error) {
      this.undelivered.push({ rule, target: target.Arn, reason: (error as Error).message });
    }
  }
}

/** Whether the target's role allows what delivering takes. @throws Error */
export function checkTarget({ Arn, statements }: Target, action: string): void {
  if (!allows(statements, action, Arn)) throw new Error(`The role of the rule's target may not ${action} on ${Arn}`);
}

/** What the target gets of an event. */
export function inputFor({ Input, InputPath, InputTransformer }: Target, event: object): unknown {
  if (Input !== undefined) return JSON.parse(Input) as unknown;
  if (InputTransformer === undefined) return InputPath === undefined ? event : valueAt(event, InputPath);
  const { InputPathsMap = {}, InputTemplate } = InputTransformer;
  const values = new Map(Object.entries(InputPathsMap).map(([name, path]) => [name, valueAt(event, path)]));
  return filledIn(InputTemplate, values);
}

/** Where a path leads that has names only: `$.detail.executionArn`. @throws Error for other paths */
function valueAt(event: object, path: string): unknown {
  if (!/^\$(\.[\w-]+)*$/.test(path)) throw new Error(`The path ${path} of an input transformer is not simulated`);
  return path
    .split('.')
    .slice(1)
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], event);
}

/**
 * An input template with its placeholders filled in. Inside quotes a placeholder is a part of the text; outside, a
 * text comes with its quotes, as everything else as JSON.
 *
 * @throws Error if the event does not have something: what EventBridge makes of that is not documented
 */
function filledIn(template: string, values: ReadonlyMap<string, unknown>): unknown {
  let quoted = false;
  const filled = template.replaceAll(/\\.|"|<([\w.-]+)>/g, (found, name: string | undefined) => {
    if (found === '"') quoted = !quoted;
    if (name === undefined) return found;
    if (!values.has(name)) throw new Error(`The input template has no variable ${name}`);
    const value = values.get(name);
    if (value === undefined) throw new Error(`The event does not have what the input template takes for ${name}`);
    const json = JSON.stringify(value);
    if (!quoted) return json;
    return typeof value === 'string' ? json.slice(1, -1) : JSON.stringify(json).slice(1, -1);
  });
  return JSON.parse(filled) as unknown;
}
