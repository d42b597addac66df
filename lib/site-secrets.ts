import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { type SecretPurpose, secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';

/** The SSM SecureString parameters that the sites refer to. Operators put them; the stack only grants reading them. */
export class SiteSecrets extends Construct {
  private readonly sites: readonly Site[];

  constructor(scope: Construct, id: string, { sites }: { readonly sites: readonly Site[] }) {
    super(scope, id);
    this.sites = sites;
  }

  /** Lets `grantee` read every site's secrets of this purpose and no other. */
  grantRead(purpose: SecretPurpose, grantee: IGrantable): void {
    const names = new Set(this.sites.flatMap((site) => secretNames(site)[purpose]));
    for (const name of names) this.parameter(name).grantRead(grantee);
  }

  private parameter(parameterName: string) {
    const known = this.node.tryFindChild(parameterName.replaceAll('/', '.'));
    return (
      (known as StringParameter | undefined) ??
      StringParameter.fromSecureStringParameterAttributes(this, parameterName.replaceAll('/', '.'), { parameterName })
    );
  }
}
