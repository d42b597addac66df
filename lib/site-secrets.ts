import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { NAMES_BY_PURPOSE, type SecretPurpose } from '../domain/secrets/references';
import type { TaskFunction } from './task-function';

/**
 * The secrets of all sites: SSM SecureString parameters named `/STACK/SITE/NAME`. Operators put them; the stack only grants
 * reading them, by name and whatever the site.
 */
export class SiteSecrets extends Construct {
  private readonly key: IKey | undefined;

  /** @param props `key` is one that operators may encrypt with; without, `aws/ssm` only */
  constructor(scope: Construct, id: string, { key }: { readonly key?: IKey } = {}) {
    super(scope, id);
    this.key = key;
  }

  /** Lets `task` read every site's secrets of these purposes and no others. */
  grantRead(purposes: readonly SecretPurpose[], task: TaskFunction): void {
    const names = [...new Set(purposes.flatMap((purpose) => NAMES_BY_PURPOSE[purpose]))];
    if (names.length === 0) return;
    const stack = Stack.of(this);
    const resources = names.map((name) => `parameter/${stack.stackName}/*/${name}`);
    Grant.addToPrincipal({
      grantee: task,
      actions: ['ssm:GetParameters'],
      resourceArns: resources.map((resource) =>
        stack.formatArn({ service: 'ssm', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME }),
      ),
    });
    for (const resource of resources) {
      Validations.of(task.role).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:${resource}]`,
        reason: 'Secrets of one purpose, of this stack. Which sites there are, the template does not know.',
      });
    }
    if (!this.key) return;
    Grant.addToPrincipal({
      grantee: task,
      actions: ['kms:Decrypt'],
      resourceArns: [this.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `ssm.${stack.region}.amazonaws.com` } },
    });
  }
}
