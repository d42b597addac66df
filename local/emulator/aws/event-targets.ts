import type { Clock } from '../../../domain/world';
import { checkTarget, type Target } from './event-bus';
import { type Functions, InvocationFailed } from './functions';
import { functionOf } from './integrations/lambda';
import type { Topics } from './sns';
import type { StepFunctions } from './step-functions';

/** What rules can have as targets. */
export interface TargetServices {
  readonly stepFunctions: StepFunctions;
  readonly topics: Topics;
  readonly functions: Functions;
  readonly clock: Clock;
}

/** When Lambda tries again what it was asked to do later and what failed, in milliseconds after the failure. */
const LAMBDA_RETRIES_MS = [60_000, 120_000];

/**
 * Hands an event's input to what a target's ARN names.
 *
 * @throws Error if the target does not take it
 */
export async function deliverTo(
  services: TargetServices,
  target: Target,
  input: unknown,
  closed: AbortSignal,
): Promise<void> {
  const [, , service] = target.Arn.split(':');
  switch (service) {
    case 'states':
      checkTarget(target, 'states:StartExecution');
      services.stepFunctions.startExecution(target.Arn, { input });
      return;
    case 'sns':
      services.topics.publish({
        topicArn: target.Arn,
        message: typeof input === 'string' ? input : JSON.stringify(input),
      });
      return;
    case 'lambda':
      return invokeLater(services, functionOf(target.Arn).name, input, closed);
  }
  throw new Error(`A rule's target of the service ${String(service)} is not simulated`);
}

/** An asynchronous invocation: Lambda keeps the event, and tries twice more when the function fails. */
async function invokeLater(
  { functions, clock }: TargetServices,
  name: string,
  input: unknown,
  closed: AbortSignal,
): Promise<void> {
  for (const wait of [...LAMBDA_RETRIES_MS, undefined]) {
    try {
      await functions.invoke(name, input, closed);
      return;
    } catch (error) {
      if (!(error instanceof InvocationFailed) || wait === undefined) throw error;
      await clock.sleep(wait, closed);
    }
  }
}
