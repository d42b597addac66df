import { type Failure, JUST_FAILED } from './failure';
import { Duration } from 'aws-cdk-lib';
import {
  Choice,
  Condition,
  Errors,
  Map,
  Pass,
  ProvideItems,
  type RetryProps,
  type State,
  TaskInput as StateInput,
  type TaskStateBase,
  Timeout,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { ErrorName } from '../../domain/error-catalogue';
import { type TaskInput, type TaskName, TASKS, type TaskOutput } from '../../domain/tasks';
import type { Wire } from '../../domain/wire';
import type { TaskFunctions } from '../task-functions';
import { Expression, INPUT, jsonata, NOW, variable } from './expression';
import { PATIENT } from './retries';
import { bounded } from './time-limit';

/** The variables that every machine of this kit has. */
export interface CommonVariables {
  /** The first failure of the execution; null as long as there is none. */
  readonly failure: Failure | null;
  /**
   * Whether something that an attempt of a task has begun may still be under way, with nobody waiting for it: its function was
   * lost, or the connection to the controller was.
   */
  readonly orphaned: boolean;
}

/** Variables by name, each as the expression that reads it. */
export type VariablesOf<V> = { readonly [Name in keyof V & string]: Expression<V[Name]> };

/** What variables are set to: expressions, or values as they are. */
export type Assignment<V> = { readonly [Name in keyof V]?: Expression<V[Name]> | V[Name] };

/** A part of a procedure: makes its states, which go on at `next`, and returns its first one. */
export type Phase = (next: State) => State;

/** Chains phases, the last one going on at `end`. @returns the first one's first state */
export function inOrder(phases: readonly Phase[], end: State): State {
  return phases.reduceRight((next, phase) => phase(next), end);
}

/** Data flows in variables. A state's input is the execution's own, so that histories stay short. */
export const UNCHANGED = INPUT.template;

/** Errors of ours after which a command may still run on a controller. Those of AWS, which have a dot in their names, tell nothing. */
const LOSING = [
  'SshConnectionLost',
  'CommandTimeout',
  'HAProxyStopInterrupted',
] as const satisfies readonly ErrorName[];

/** Whether something may still be under way after an error of this name. */
const isLost = (error: Expression<string>) =>
  jsonata<boolean>`$contains(${error}, ".") or ${error} in ${new Expression(JSON.stringify(LOSING))}`;

/** Once something is left alone it stays so. */
const orphanedIf = (lost: Expression<boolean>) => jsonata<boolean>`${variable('orphaned')} or ${lost}`;

/** Whether an attempt of this state was lost, or failed, before the one that succeeded. */
const TRIED_AGAIN = new Expression<boolean>('($states.context.State.RetryCount > 0) = true');

/** What a state that invokes no function got. */
const RESULT = variable<never>('states.result');

/** How much longer than its function a task waits: what Lambda needs to start the function and to answer. */
const OVERHEAD = Duration.seconds(10);

/** As many items of a Map as Step Functions works on at a time. */
const WAVE = 40;

/** What `invoke` needs. */
export interface InvokeOptions<V, T extends TaskName> {
  /** Each field of the task's input. */
  readonly input: {
    readonly [Field in keyof Wire<TaskInput<T>>]:
      Expression<Wire<TaskInput<T>>[Field]> | Literal<Wire<TaskInput<T>>[Field]>;
  };
  /** The variables that its result sets. @default none */
  readonly assign?: (result: Expression<TaskOutput<T>>) => Assignment<V>;
  /** What the next state gets: the result, or what this one got. @default 'input' */
  readonly output?: 'result' | 'input';
  /** @default PATIENT */
  readonly retry?: readonly RetryProps[];
  /** How many seconds it waits for the function at most. @default as long as the function can take */
  readonly seconds?: number;
  readonly comment?: string;
}

/** Texts, numbers and so on can stand in an input as they are. */
type Literal<T> = T extends string | number | boolean | null ? T : never;

/** What `forEach` needs. */
interface ForEachOptions<V, Item> {
  readonly items: Expression<readonly Item[]>;
  /** How many items there can be. */
  readonly most: number;
  /** Makes what is done for each item; returns its first state. */
  readonly each: (item: Expression<Item>) => State;
  /** @default as many as the kit says */
  readonly maxConcurrency?: number;
  /** Sets variables from the results. @default none */
  readonly assign?: (results: Expression<never>) => Assignment<V>;
}

/** Makes the states of one machine, whose variables are V. */
export class StateKit<V extends CommonVariables> {
  /** States that change something on the site. */
  readonly #changing = new WeakSet<State>();

  /** The machine's variables. */
  readonly $ = new Proxy({} as VariablesOf<V>, { get: (_, name) => variable(String(name)) });

  constructor(
    /** Where states are made. */
    readonly scope: Construct,
    private readonly functions: TaskFunctions,
    /** How many items of a Map it works on at a time. @default as many as Step Functions does */
    private readonly concurrency?: number,
  ) {}

  /** ARN of the version that a task invokes: a deploy in the middle of an execution changes nothing for it. */
  versionOf(task: TaskName): string {
    return this.functions.of(task).currentVersion.functionArn;
  }

  /** A task that runs a function. */
  invoke<T extends TaskName>(name: string, task: T, options: InvokeOptions<V, T>): LambdaInvoke {
    const { input, assign, output = 'input', retry = PATIENT, seconds, comment } = options;
    // A version: a deploy in the middle of an execution changes nothing for it. CDK's own types differ in `undefined`.
    const target = this.functions.of(task).currentVersion as IFunction;
    const result = variable<TaskOutput<T>>('states.result.Payload');
    const { minutes, changes = false } = TASKS[task];
    // What comes out of a Map's iteration can set no variable of the machine's.
    const marked = jsonata`${TRIED_AGAIN} ? $merge([${result}, {"triedAgain": true}]) : ${result}`;
    const results = changes ? marked : result;
    const sets = { ...assign?.(result), ...(changes && output === 'input' && { orphaned: orphanedIf(TRIED_AGAIN) }) };
    const state = LambdaInvoke.jsonata(this.scope, name, {
      lambdaFunction: target,
      payload: StateInput.fromObject({ envelope: ENVELOPE, input: templates(input) }),
      outputs: output === 'result' ? results.template : UNCHANGED,
      taskTimeout: Timeout.duration(
        seconds === undefined ? Duration.minutes(minutes).plus(OVERHEAD) : Duration.seconds(seconds),
      ),
      // CDK's own retries would be six more.
      retryOnServiceExceptions: false,
      ...(Object.keys(sets).length > 0 ? { assign: templates(sets) } : {}),
      ...(comment === undefined ? {} : { comment }),
    });
    for (const retrier of retry) state.addRetry(retrier);
    if (changes) this.#changing.add(state);
    return state;
  }

  /** A choice: the first rule that holds leads on. */
  choice(name: string, rules: readonly Rule<V>[], otherwise: State): Choice {
    const choice = Choice.jsonata(this.scope, name);
    for (const { when, next, assign, comment } of rules) {
      choice.when(Condition.jsonata(when.template), next, {
        ...(assign ? { assign: templates(assign) } : {}),
        ...(comment === undefined ? {} : { comment }),
      });
    }
    return choice.otherwise(otherwise);
  }

  /** A wait between two looks. @param most how many seconds all its rounds together can take */
  wait(name: string, seconds: number | Expression<number>, most: number): Wait {
    const time =
      seconds instanceof Expression ? WaitTime.seconds(seconds.template) : WaitTime.duration(Duration.seconds(seconds));
    return bounded(Wait.jsonata(this.scope, name, { time }), { seconds: most });
  }

  /** A Map: does something for each item, and shows each in the history. */
  forEach<Item>(
    name: string,
    { items, most, each, maxConcurrency = this.concurrency, assign }: ForEachOptions<V, Item>,
  ): Map {
    const first = each(INPUT);
    const changes = this.#changing.has(first);
    const lost = jsonata<boolean>`$count(${RESULT}[triedAgain = true or $exists(failure) and (${isLost(new Expression('failure.Error'))})]) > 0`;
    const results = changes ? jsonata<never>`${RESULT} ~> |$|{}, "triedAgain"|` : RESULT;
    const sets = { ...assign?.(results), ...(changes && { orphaned: orphanedIf(lost) }) };
    const map = Map.jsonata(this.scope, name, {
      items: ProvideItems.jsonata(items.template),
      outputs: UNCHANGED,
      ...(Object.keys(sets).length > 0 ? { assign: templates(sets) } : {}),
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
    }).itemProcessor(first);
    if (changes) this.#changing.add(map);
    return bounded(map, { times: Math.ceil(most / (maxConcurrency ?? WAVE)) });
  }

  /**
   * Runs a task for each item, side by side. If one fails the others still end, before the failure of the first counts:
   * a Map that failed itself would stop waiting for them, and the lock would be released while they still write.
   *
   * @param results sets variables from those that succeeded
   * @param failed where it goes on if one failed
   */
  everywhere<Item>(name: string, { task, results, rules = [], failed, ...options }: Everywhere<V, Item>): Phase {
    return (next) => {
      const map = this.forEach(name, {
        ...options,
        each: (item) =>
          task(item).addCatch(Pass.jsonata(this.scope, `${name}: failed`, { comment: 'The others are waited for' }), {
            errors: [Errors.ALL],
            // An attempt before may have been lost, whatever the last one said.
            outputs: { failure: JUST_FAILED.template, triedAgain: TRIED_AGAIN.template },
          }),
        assign: (all) => ({
          ...results(jsonata`[${all}[$not($exists(failure))]]`),
          ...this.#failed(jsonata`$exists($states.result.failure) ? [$states.result.failure][0] : null`),
        }),
      });
      const succeeded = jsonata<boolean>`${this.#failure} = null`;
      const decide = this.choice(
        `${name}: everywhere?`,
        [
          ...rules.map((rule) => ({ ...rule, when: jsonata<boolean>`${succeeded} and ${rule.when}` })),
          { when: succeeded, next },
        ],
        failed,
      );
      this.onFailure(map, failed).next(decide);
      return map;
    };
  }

  /** Whatever goes wrong in a state is noted, and the execution goes on at `next`. */
  onFailure<T extends TaskStateBase | Map>(state: T, next: State): T {
    const failure = jsonata<Failure>`${this.#failure} ? ${this.#failure} : ${JUST_FAILED}`;
    state.addCatch(next, {
      errors: [Errors.ALL],
      assign: templates({ failure, ...(this.#changing.has(state) && { orphaned: this.orphanedByError }) }),
      outputs: UNCHANGED,
    });
    return state;
  }

  /** For a Catch of a state that changes something on the site: notes whether what it has begun may still be under way. */
  get orphanedByError(): Expression<boolean> {
    return orphanedIf(jsonata`(${isLost(variable('states.errorOutput.Error'))}) or ${TRIED_AGAIN}`);
  }

  /** For a rule of a choice: notes a failure that is not a state's error. The first one counts. */
  failure(error: ErrorName, cause: Expression<string>): Assignment<V> {
    return this.#failed(jsonata`${this.#failure} ? ${this.#failure} : {"Error": ${error}, "Cause": ${cause}}`);
  }

  /** Sets a deadline when it is reached for the first time, to this many seconds from then. */
  deadline(current: Expression<number | null>, seconds: number | Expression<number>): Expression<number> {
    return jsonata`${current} ? ${current} : ${NOW} + ${seconds} * 1000`;
  }

  get #failure(): Expression<Failure | null> {
    return variable('failure');
  }

  #failed(failure: Expression<Failure | null>): Assignment<V> {
    // Every machine has this variable, which TypeScript does not see through the generic type.
    return { failure } as Assignment<CommonVariables> as Assignment<V>;
  }
}

/** A rule of a choice. */
export interface Rule<V> {
  readonly when: Expression<boolean>;
  readonly next: State;
  readonly assign?: Assignment<V>;
  readonly comment?: string;
}

/** What `everywhere` needs. */
interface Everywhere<V, Item> extends Pick<ForEachOptions<V, Item>, 'items' | 'most'> {
  readonly task: (item: Expression<Item>) => TaskStateBase;
  readonly results: (results: Expression<never>) => Assignment<V>;
  /** Where it goes on instead, if all succeeded. @default nowhere */
  readonly rules?: readonly Rule<V>[];
  readonly failed: State;
}

/** Whether the time of a deadline is over; it is not if none was set. */
export function isOver(deadline: Expression<number | null>): Expression<boolean> {
  return jsonata`(${deadline} ? ${NOW} > ${deadline} : false)`;
}

/** The part of an invocation's event that says what it is part of. */
export const ENVELOPE = {
  execution: '{% $states.context.Execution.Id %}',
  state: '{% $states.context.State.Name %}',
  attempt: '{% $states.context.State.RetryCount %}',
  // Nobody can redrive an Express execution: it may not have one.
  redrives: '{% $exists($states.context.Execution.RedriveCount) ? $states.context.Execution.RedriveCount : 0 %}',
};

function templates(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Expression ? value.template : value,
    ]),
  );
}
