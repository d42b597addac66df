import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

/** The topic on which people are told of drift, failures and alarms. Whoever wants to know subscribes to it. */
export class PeopleTopic extends Topic {
  /** @param props `key` encrypts what waits for delivery */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id, { displayName: 'magnum-ha', enforceSSL: true, ...(key ? { masterKey: key } : {}) });
    // A policy of one's own takes the place of the one that lets CloudWatch in.
    this.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Alarms',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
  }
}
