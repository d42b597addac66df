import { ArnFormat, Stack, Validations } from 'aws-cdk-lib';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { ParameterTier, StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { MagnumHaError } from '../domain/errors';
import type { Site } from '../domain/site/document';
import type { TaskFunction } from './task-function';

/** A site document is longer than an SSM parameter can be. */
export class SiteDocumentTooLong extends MagnumHaError {
  override readonly name = 'SiteDocumentTooLong';
}

/** Longest value of an advanced parameter, in characters. https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const LONGEST = 8192;

/** The site documents, one SSM parameter each: they hold no secret, only the names of the secrets' parameters. */
export class SiteParameters extends Construct {
  /** What the parameters' names begin with; the site's name follows. */
  readonly prefix = '/magnum-ha/sites/';

  /** @throws SiteDocumentTooLong */
  constructor(scope: Construct, id: string, { sites }: { readonly sites: readonly Site[] }) {
    super(scope, id);
    for (const site of sites) {
      const stringValue = textOf(site);
      new StringParameter(this, site.name, {
        parameterName: `${this.prefix}${site.name}`,
        description: `Site document of ${site.name}`,
        stringValue,
        // Advanced if the document is long. SSM does not turn an advanced one back: one that became shorter could not be deployed.
        tier: ParameterTier.INTELLIGENT_TIERING,
      });
    }
  }

  /** Lets `task` read the document of any site, so that SSM says that a site is unknown, and not "access denied". */
  grantRead(task: TaskFunction): void {
    const resource = `parameter${this.prefix}*`;
    const arn = Stack.of(this).formatArn({ service: 'ssm', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME });
    Grant.addToPrincipal({ grantee: task, actions: ['ssm:GetParameters'], resourceArns: [arn] });
    Validations.of(task.role).acknowledge({
      id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:${resource}]`,
      reason: 'Site documents only, which hold no secret; an unknown site must be told apart from a forbidden one.',
    });
  }
}

function textOf(site: Site): string {
  // $schema is for editors.
  const text = JSON.stringify({ ...site, $schema: undefined });
  if (text.length <= LONGEST) return text;
  throw new SiteDocumentTooLong(
    `The document of site ${site.name} has ${text.length} characters with its defaults; an SSM parameter holds ` +
      `${LONGEST}. Shorten it: ed25519 host keys are the shortest, and labels and extraOptions can go; or make ` +
      'several sites of its templates and clusters.',
  );
}
