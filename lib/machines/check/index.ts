import { Stack, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { checkMachineOf } from '../../../domain/site/machines';
import { standardMachine } from '../standard-machine';
import { procedure } from './procedure';

/** Properties of `CheckMachine`. */
export interface CheckMachineProps {
  /** The site machine, of which it starts checks. */
  readonly siteMachine: StateMachine;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
}

/**
 * The check machine: starts a check of one site. IAM cannot tell a check from an apply by the input of the site machine; whoever
 * may start this machine and not that one can only check.
 */
export class CheckMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { siteMachine, key }: CheckMachineProps) {
    super(scope, id);
    this.stateMachine = standardMachine(this, {
      name: checkMachineOf(Stack.of(this).stackName),
      comment: 'Starts a check of a site, and nothing else',
      start: procedure(this, siteMachine),
      key,
    });
    Validations.of(this.stateMachine.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
    });
  }
}
