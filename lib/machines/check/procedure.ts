import { Duration } from 'aws-cdk-lib';
import { Errors, type IStateMachine, type State, TaskInput, Timeout } from 'aws-cdk-lib/aws-stepfunctions';
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import { Expression, INPUT, jsonata } from '../../states/expression';

/**
 * The procedure: a check of the site is started, by the same name. Of the input only the site, and who starts it, go on: neither a mode nor a
 * parent execution, with which a check would count as scheduled and might start an apply.
 */
export function procedure(scope: Construct, siteMachine: IStateMachine): State {
  const start = StepFunctionsStartExecution.jsonata(scope, 'Start check', {
    comment: 'A check, whatever it is asked for',
    stateMachine: siteMachine,
    // The same for an attempt whose answer was lost.
    name: '{% $states.context.Execution.Name %}',
    input: TaskInput.fromObject({
      site: given('site').template,
      mode: 'check',
      startedBy: given('startedBy').template,
    }),
    taskTimeout: Timeout.duration(Duration.seconds(30)),
    outputs: { executionArn: '{% $states.result.ExecutionArn %}' },
  });
  start.addRetry({ errors: [Errors.ALL], maxAttempts: 3, interval: Duration.seconds(1), backoffRate: 2 });
  return start;
}

/** A field of the input, or null: the site machine says what is missing. */
function given(field: string): Expression<unknown> {
  const value = new Expression<unknown>(`${INPUT.source}.${field}`);
  return jsonata`$exists(${value}) ? ${value} : null`;
}
