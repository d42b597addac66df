import type { ExecutionType, Json, JsonObject } from './definition';
import { checkMap, isDistributed } from './check-map';
import { checkNumber, list, object, onlyFields, refuse } from './checks';
import { compile, expressionIn } from './expression';
import { resourceOf } from './resource';

/** The fields of a state, without those that every state may have. */
const FIELDS: Record<string, string[]> = {
  Pass: ['Next', 'End', 'Output', 'Assign'],
  Task: [
    ...['Resource', 'Arguments', 'TimeoutSeconds', 'HeartbeatSeconds'],
    ...['Retry', 'Catch', 'Next', 'End', 'Output', 'Assign'],
  ],
  Choice: ['Choices', 'Default', 'Output', 'Assign'],
  Wait: ['Seconds', 'Timestamp', 'Next', 'End', 'Output', 'Assign'],
  Succeed: ['Output'],
  Fail: ['Error', 'Cause'],
  Map: [
    ...['Items', 'ItemSelector', 'ItemProcessor', 'ItemReader', 'ResultWriter', 'Label', 'MaxConcurrency'],
    ...['ToleratedFailureCount', 'ToleratedFailurePercentage', 'Retry', 'Catch', 'Next', 'End', 'Output', 'Assign'],
  ],
  Parallel: ['Branches', 'Arguments', 'Retry', 'Catch', 'Next', 'End', 'Output', 'Assign'],
};

/** What an expression may read from `$states` besides `input` and `context`, by field. */
const READS_RESULT = new Set(['Task', 'Map', 'Parallel']);

const RETRIER_NUMBERS: Record<string, [least: number, most: number]> = {
  IntervalSeconds: [1, 99_999_999],
  MaxAttempts: [0, 99_999_999],
  MaxDelaySeconds: [1, 31_622_400],
  BackoffRate: [1, Infinity],
};

/** What a definition is checked for. */
interface Purpose {
  readonly type: ExecutionType;
  /** Whether there is an integration for a task's Resource. */
  isKnown(resource: string): boolean;
}

/**
 * Checks that a definition holds nothing but what this runner does as the service does it.
 * @throws DefinitionRefused at the first thing that it does not
 */
export function checkDefinition(definition: object, purpose: Purpose): void {
  const machine = definition as JsonObject;
  onlyFields(machine, ['Comment', 'Version', 'QueryLanguage', 'StartAt', 'States', 'TimeoutSeconds'], undefined, '');
  if (machine['Version'] !== undefined && machine['Version'] !== '1.0') refuse(undefined, 'Version', 'must be 1.0');
  checkNumber(machine['TimeoutSeconds'], undefined, 'TimeoutSeconds', 1, 99_999_999);
  new Checker(machine['QueryLanguage'], purpose).checkStates(machine, undefined, '', new Set());
}

class Checker {
  constructor(
    private readonly language: Json | undefined,
    private readonly purpose: Purpose,
  ) {}

  /**
   * @param owner the state that the chain of states belongs to, and `at` the field of it
   * @param outer the variables of the scopes around
   */
  checkStates(chain: JsonObject, owner: string | undefined, at: string, outer: Set<string>): void {
    const states = object(chain['States'], owner, `${at}States`);
    const startAt = chain['StartAt'];
    if (typeof startAt !== 'string' || !(startAt in states)) refuse(owner, `${at}StartAt`, 'must name a state');
    const own = Object.entries(states).flatMap(([name, state]) => assignedIn(object(state, name, 'Type')));
    for (const [name, value] of Object.entries(states)) {
      this.checkState(name, object(value, name, 'Type'), states, outer, new Set([...outer, ...own]));
    }
  }

  private checkState(
    name: string,
    state: JsonObject,
    siblings: JsonObject,
    outer: Set<string>,
    all: Set<string>,
  ): void {
    if (name.length > 80) refuse(name, 'name', 'is longer than 80 characters');
    const type = typeof state['Type'] === 'string' ? state['Type'] : 'unknown';
    if ((state['QueryLanguage'] ?? this.language) !== 'JSONata') {
      refuse(name, 'QueryLanguage', 'only JSONata is supported, and the service takes JSONPath unless told otherwise');
    }
    const fields = FIELDS[type];
    if (fields === undefined) refuse(name, 'Type', `a state of type ${type} is not supported`);
    onlyFields(state, ['Type', 'Comment', 'QueryLanguage', ...fields], name, '', ` of a ${type} state`);

    if (fields.includes('Next') && (state['Next'] === undefined) === (state['End'] === undefined)) {
      refuse(name, 'Next', 'a state needs either Next or End: true');
    }
    if (state['End'] !== undefined && state['End'] !== true) refuse(name, 'End', 'must be true');
    for (const variable of assignedIn(state)) {
      if (outer.has(variable)) refuse(name, 'Assign', `the variable '${variable}' belongs to an outer scope`);
      if (variable === 'states' || variable.length > 80 || !/^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(variable)) {
        refuse(name, 'Assign', `'${variable}' is not a variable's name`);
      }
    }
    checkExpressions(name, type, state);
    checkRecovery(name, state);
    this.checkType(name, type, state, all);
    for (const target of targetsOf(state)) {
      if (!(target.name in siblings)) refuse(name, target.field, `there is no state '${target.name}' beside this one`);
    }
  }

  private checkType(name: string, type: string, state: JsonObject, variables: Set<string>): void {
    switch (type) {
      case 'Task':
        this.checkResource(name, state['Resource']);
        checkNumber(state['TimeoutSeconds'], name, 'TimeoutSeconds', 1, 99_999_999);
        checkNumber(state['HeartbeatSeconds'], name, 'HeartbeatSeconds', 1, 99_999_999);
        if (Number(state['HeartbeatSeconds']) >= Number(state['TimeoutSeconds'])) {
          refuse(name, 'HeartbeatSeconds', 'must be less than TimeoutSeconds');
        }
        break;
      case 'Choice':
        checkChoices(name, state['Choices']);
        break;
      case 'Wait':
        if ((state['Seconds'] === undefined) === (state['Timestamp'] === undefined)) {
          refuse(name, 'Seconds', 'a Wait state needs either Seconds or Timestamp');
        }
        checkNumber(state['Seconds'], name, 'Seconds', 0, 99_999_999);
        break;
      case 'Map':
        checkMap(name, state, this.purpose.type);
        // What a distributed Map's child executions do is out of the reach of these variables.
        this.checkStates(
          state['ItemProcessor'] as JsonObject,
          name,
          'ItemProcessor/',
          isDistributed(state) ? new Set() : variables,
        );
        break;
      case 'Parallel':
        for (const [i, value] of list(state['Branches'], name, 'Branches').entries()) {
          const branch = object(value, name, `Branches[${i}]`);
          onlyFields(branch, ['Comment', 'StartAt', 'States'], name, `Branches[${i}]/`);
          this.checkStates(branch, name, `Branches[${i}]/`, variables);
        }
    }
  }

  private checkResource(name: string, arn: Json | undefined): void {
    if (typeof arn !== 'string') refuse(name, 'Resource', 'must be an ARN');
    const { isCallback, isJob, call } = resourceOf(arn);
    if (this.purpose.type === 'EXPRESS' && (isCallback || isJob)) {
      const kind = isCallback ? '.waitForTaskToken' : '.sync';
      refuse(name, 'Resource', `an Express state machine does not support '${kind}' service integrations`);
    }
    if (!/^arn:[\w-]+:(states:::[\w:-]+:\w+(\.sync(:2)?)?|lambda:[^:]*:[^:]*:function:.+)$/.test(call)) {
      refuse(name, 'Resource', `'${arn}' is neither a Lambda function nor a service integration`);
    }
    if (!this.purpose.isKnown(call)) refuse(name, 'Resource', `no integration was given for '${call}'`);
  }
}

function checkChoices(name: string, choices: Json | undefined): void {
  for (const [i, value] of list(choices, name, 'Choices').entries()) {
    const rule = object(value, name, `Choices[${i}]`);
    onlyFields(rule, ['Comment', 'Condition', 'Next', 'Output', 'Assign'], name, `Choices[${i}]/`);
    if (typeof rule['Next'] !== 'string') refuse(name, `Choices[${i}]/Next`, 'is missing');
    if (typeof rule['Condition'] !== 'boolean' && expressionIn(rule['Condition']) === undefined) {
      refuse(name, `Choices[${i}]/Condition`, 'must be an expression or a boolean');
    }
  }
}

function checkRecovery(name: string, state: JsonObject): void {
  for (const field of ['Retry', 'Catch']) {
    if (state[field] === undefined) continue;
    const entries = list(state[field], name, field);
    for (const [i, value] of entries.entries()) {
      const at = `${field}[${i}]/`;
      const entry = object(value, name, at);
      const fields =
        field === 'Retry' ? [...Object.keys(RETRIER_NUMBERS), 'JitterStrategy'] : ['Next', 'Output', 'Assign'];
      onlyFields(entry, ['Comment', 'ErrorEquals', ...fields], name, at);
      const errors = list(entry['ErrorEquals'], name, `${at}ErrorEquals`);
      if (errors.includes('States.ALL') && (errors.length > 1 || i < entries.length - 1)) {
        refuse(name, `${at}ErrorEquals`, 'States.ALL must stand alone, in the last entry');
      }
      if (field === 'Catch' && typeof entry['Next'] !== 'string') refuse(name, `${at}Next`, 'is missing');
      for (const [number, [least, most]] of Object.entries(RETRIER_NUMBERS)) {
        checkNumber(entry[number], name, at + number, least, most, number !== 'BackoffRate');
        if (typeof entry[number] === 'string') refuse(name, at + number, 'cannot be an expression');
      }
      if (!['FULL', 'NONE', undefined].includes(entry['JitterStrategy'] as string | undefined)) {
        refuse(name, `${at}JitterStrategy`, 'must be FULL or NONE');
      }
    }
  }
}

/** Compiles every expression, and checks that each reads of `$states` only what its field can. */
function checkExpressions(name: string, type: string, state: JsonObject): void {
  for (const [field, value] of Object.entries(state)) {
    if (['ItemProcessor', 'Branches'].includes(field)) continue;
    const reads = ['input', 'context'];
    if (field === 'Catch') reads.push('errorOutput');
    else if (READS_RESULT.has(type) && ['Output', 'Assign'].includes(field)) reads.push('result');
    checkTemplate(value, name, field, reads);
  }
}

function checkTemplate(template: Json, name: string, at: string, reads: string[]): void {
  const source = expressionIn(template);
  if (source !== undefined) {
    try {
      compile(source);
    } catch (error) {
      refuse(name, at, `'${source}' is not JSONata: ${(error as Error).message}`);
    }
    for (const [, member = ''] of source.matchAll(/\$states\.(\w+)/g)) {
      if (!reads.includes(member)) refuse(name, at, `there is no $states.${member} in this field`);
    }
  } else if (Array.isArray(template)) {
    for (const [i, item] of template.entries()) checkTemplate(item, name, `${at}[${i}]`, reads);
  } else if (template !== null && typeof template === 'object') {
    for (const [key, field] of Object.entries(template)) checkTemplate(field, name, `${at}/${key}`, reads);
  }
}

/** The names of variables that a state sets, in whichever way it is left. */
function assignedIn(state: JsonObject): string[] {
  const outcomes = [state, ...[state['Choices'], state['Catch']].flatMap((list) => (Array.isArray(list) ? list : []))];
  return outcomes.flatMap((outcome) => {
    const assign = (outcome as JsonObject | null)?.['Assign'];
    return Object.keys(assign ?? {});
  });
}

/** Every state that a state may go to, and the field that says so. */
function targetsOf(state: JsonObject): { name: string; field: string }[] {
  const targets = ['Next', 'Default'].map((field) => ({ field, name: state[field] }));
  for (const list of ['Choices', 'Catch']) {
    for (const [i, entry] of ((state[list] ?? []) as JsonObject[]).entries()) {
      targets.push({ field: `${list}[${i}]/Next`, name: entry['Next'] });
    }
  }
  return targets.filter((target): target is { name: string; field: string } => typeof target.name === 'string');
}
