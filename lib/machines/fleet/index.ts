import { Stack, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { CfnStateMachine, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { SiteDocuments } from '../../site-documents';
import { standardMachine } from '../standard-machine';
import { procedure } from './procedure';

/** Properties of `FleetMachine`. */
export interface FleetMachineProps {
  readonly documents: SiteDocuments;
  /** The site machine, which it starts for each site. */
  readonly siteMachine: StateMachine;
  /** Of its histories and its log group. @default - keys of AWS */
  readonly key?: IKey;
}

/** The fleet machine: starts a check of every site that has a document. */
export class FleetMachine extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, { documents, siteMachine, key }: FleetMachineProps) {
    super(scope, id);
    // CDK's own types differ in `undefined`.
    this.stateMachine = standardMachine(this, {
      name: `${Stack.of(this).stackName}-fleet`,
      comment: 'Starts a check of every site that has a document',
      start: procedure(this, { bucket: documents.bucket as IBucket, siteMachine }),
      key,
    });
    this.acknowledge();
  }

  private acknowledge(): void {
    const logicalId = Stack.of(this).getLogicalId(this.stateMachine.node.defaultChild as CfnStateMachine);
    const own = `arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:{"Fn::Select":[6,{"Fn::Split":[":",{"Ref":"${logicalId}"}]}]}`;
    // The policies of its role, and of its Map, are its own.
    Validations.of(this.stateMachine).acknowledge(
      {
        id: 'AwsSolutions-IAM5[Resource::*]',
        reason: 'Log deliveries and X-Ray know no resources: their actions are granted on * only.',
      },
      ...[':*', '/*:*'].map((executions) => ({
        id: `AwsSolutions-IAM5[Resource::${own}${executions}]`,
        reason: 'Its own Map runs and their child executions: CDK grants looking at them and stopping them so.',
      })),
    );
  }
}
