import type { HistoryEventType } from '@aws-sdk/client-sfn';
import type { Json, JsonObject, Outcome, State } from './definition';
import { StatesError } from './errors';
import { type Binding, evaluate, ExpressionFailed, type JsonType } from './expression';
import { whole } from './history';
import { payload } from './payload';
import type { Scope } from './run';

/** What a state ends with: its output, and the state that gets it; without one, the chain of states ends. */
export interface Step {
  output: Json;
  next: string | undefined;
}

/** The members of `$states` that not every field can read. */
export interface Extra {
  result?: Json;
  errorOutput?: JsonObject;
  /** Instead of the state's own context. */
  context?: JsonObject;
}

/** One state, from the event that it is entered to the event that it is left. */
export class Visit<S extends State = State> {
  readonly context: JsonObject & { State: JsonObject };
  private readonly enteredId: number;
  /** The event that the state was entered after. */
  readonly enteredAfter: number;

  constructor(
    readonly scope: Scope,
    readonly name: string,
    readonly state: S,
    readonly input: Json,
  ) {
    const { run, trail, map } = scope;
    this.enteredAfter = trail.previous;
    this.enteredId = trail.add(`${state.Type}StateEntered` as HistoryEventType, {
      stateEnteredEventDetails: { name, input: JSON.stringify(input), inputDetails: whole },
    });
    const EnteredTime = new Date(run.clock.now()).toISOString();
    const retries = 'Resource' in state ? { RetryCount: 0 } : {};
    this.context = { ...run.context, ...(map && { Map: map }), State: { Name: name, EnteredTime, ...retries } };
  }

  /** A failure of this state itself; its cause opens with the service's sentence that names the state. */
  failure(error: string, reason: string): StatesError {
    const where = `the state '${this.name}' (entered at the event id #${this.enteredId})`;
    return new StatesError(error, `An error occurred while executing ${where}. ${reason}`);
  }

  /** A States.QueryEvaluationError, told in the history too. */
  evaluationFailure(location: string | undefined, reason: string, after = this.scope.trail.previous): StatesError {
    const failure = this.failure('States.QueryEvaluationError', reason);
    this.scope.trail.add(
      'EvaluationFailed',
      {
        evaluationFailedEventDetails: {
          error: failure.error,
          cause: failure.cause,
          ...(location !== undefined && { location }),
          state: this.name,
        },
      },
      after,
    );
    return failure;
  }

  /** Evaluates a template in this state. @throws StatesError States.QueryEvaluationError */
  async evaluate(template: Json, location: string, extra: Extra = {}, expected?: JsonType): Promise<Json> {
    const { run, variables, trail, signal } = this.scope;
    const states = { input: this.input, context: this.context, ...extra };
    const bindings = (name: string): Binding | undefined => {
      if (name === 'states') return { value: states };
      const value = variables.get(name);
      if (value !== undefined) return { value };
      return name in run.functions ? { value: run.functions[name] } : undefined;
    };
    try {
      const value = await evaluate(template, location, bindings, expected);
      signal.throwIfAborted();
      return value;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ExpressionFailed)) throw error;
      // On entering a state, the service takes this event and StateEntered for two that follow the same one.
      const after = trail.previous === this.enteredId ? this.enteredAfter : trail.previous;
      throw this.evaluationFailure(error.location, error.message, after);
    }
  }

  /** Evaluates a field that holds a number from `least` to `most`; undefined if the state does not have it. */
  async number(field: keyof S & string, least: number, most: number, whole = false): Promise<number | undefined> {
    const template = this.state[field] as Json | undefined;
    if (template === undefined) return undefined;
    const value = (await this.evaluate(template, field, {}, 'number')) as number;
    if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
    const what = whole ? 'an integer' : 'a number';
    throw this.evaluationFailure(
      field,
      `The ${field} field must be ${what} from ${least} to ${most} but was: ${value}`,
    );
  }

  /** The same for a whole number. */
  wholeNumber(field: keyof S & string, least: number, most: number): Promise<number | undefined> {
    return this.number(field, least, most, true);
  }

  /** Calls an integration for the state itself: the history does not tell of it. */
  call(resource: string, args: Json): Promise<unknown> {
    const { run, signal } = this.scope;
    const { executionArn, stateMachineArn } = run;
    return run.integrationFor(resource)(args, {
      stateName: this.name,
      executionArn,
      stateMachineArn,
      signal,
      submitted: () => undefined,
    });
  }

  /** What a Task or a Parallel gets: its Arguments, else the state's input. */
  async arguments(extra: Extra = {}): Promise<Json> {
    const { Arguments } = this.state as { Arguments?: Json };
    return Arguments === undefined ? this.input : this.evaluate(Arguments, 'Arguments', extra);
  }

  /**
   * Leaves the state: evaluates Output and Assign (each with the variables as they were), and records both.
   * @param unchanged the output if the outcome gives no Output
   * @param at the location of the outcome's fields inside the state
   */
  async leave(unchanged: Json, outcome: Outcome = this.state, at = '', extra: Extra = {}): Promise<Json> {
    const assigned =
      outcome.Assign === undefined ? undefined : await this.evaluate(outcome.Assign, `${at}Assign`, extra);
    const output = outcome.Output === undefined ? unchanged : await this.evaluate(outcome.Output, `${at}Output`, extra);
    return this.exit(output, assigned as JsonObject | undefined);
  }

  private exit(output: Json, assigned: JsonObject | undefined): Json {
    const { trail, variables } = this.scope;
    const details = { name: this.name, output: payload(output, this.name), outputDetails: whole };
    if (assigned === undefined || Object.keys(assigned).length === 0) {
      trail.add(`${this.state.Type}StateExited` as HistoryEventType, { stateExitedEventDetails: details });
      return output;
    }
    payload(assigned, this.name);
    const assignedVariables = Object.fromEntries(Object.entries(assigned).map(([k, v]) => [k, JSON.stringify(v)]));
    trail.add(`${this.state.Type}StateExited` as HistoryEventType, {
      stateExitedEventDetails: { ...details, assignedVariables, assignedVariablesDetails: whole },
    });
    variables.assign(assigned);
    return output;
  }
}
