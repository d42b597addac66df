import { Stack } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type SecretPurpose, secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';

/** Properties of `SiteSecrets`. */
export interface SiteSecretsProps {
  readonly sites: readonly Site[];
  /** Operators may encrypt with it. @default - with `aws/ssm` only */
  readonly key?: IKey;
}

/** The SSM SecureString parameters that the sites refer to. Operators put them; the stack only grants reading them. */
export class SiteSecrets extends Construct {
  private readonly sites: readonly Site[];
  private readonly key: IKey | undefined;

  constructor(scope: Construct, id: string, { sites, key }: SiteSecretsProps) {
    super(scope, id);
    this.sites = sites;
    this.key = key;
  }

  /** Lets `grantee` read every site's secrets of this purpose and no other. */
  grantRead(purpose: SecretPurpose, grantee: IGrantable): void {
    const names = new Set(this.sites.flatMap((site) => secretNames(site)[purpose]));
    for (const name of names) this.parameter(name).grantRead(grantee);
    if (!this.key || names.size === 0) return;
    Grant.addToPrincipal({
      grantee,
      actions: ['kms:Decrypt'],
      resourceArns: [this.key.keyArn],
      conditions: { StringEquals: { 'kms:ViaService': `ssm.${Stack.of(this).region}.amazonaws.com` } },
    });
  }

  private parameter(parameterName: string) {
    const known = this.node.tryFindChild(parameterName.replaceAll('/', '.'));
    return (
      (known as StringParameter | undefined) ??
      StringParameter.fromSecureStringParameterAttributes(this, parameterName.replaceAll('/', '.'), { parameterName })
    );
  }
}
