import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Site } from '../domain/site/document';
import { Bundles } from './bundles';
import type { Network } from './settings';
import type { SiteParameters } from './site-parameters';
import { type SecretPurpose, SiteSecrets } from './site-secrets';
import { TaskFunction } from './task-function';

/** Properties of `TaskFunctions`. */
export interface TaskFunctionsProps {
  readonly sites: readonly Site[];
  readonly parameters: SiteParameters;
  /** @default - outside a VPC */
  readonly network?: Network;
}

/** A function for each task of the workflow, with the least it needs: which secrets, how much time. */
export class TaskFunctions extends Construct {
  readonly loadSite: TaskFunction;
  readonly preflight: TaskFunction;
  readonly bootstrap: TaskFunction;
  readonly upgradeSchema: TaskFunction;
  readonly preflightCloud: TaskFunction;
  readonly inspectControllers: TaskFunction;
  readonly plan: TaskFunction;
  readonly stage: TaskFunction;
  readonly commit: TaskFunction;
  readonly restart: TaskFunction;
  readonly cycle: TaskFunction;
  readonly verify: TaskFunction;
  readonly ensureClusterTemplate: TaskFunction;
  readonly ensureCluster: TaskFunction;
  readonly pollCluster: TaskFunction;
  readonly report: TaskFunction;

  constructor(scope: Construct, id: string, { sites, parameters, network }: TaskFunctionsProps) {
    super(scope, id);
    const bundles = new Bundles();

    // These compute only.
    this.plan = new TaskFunction(this, 'Plan', { task: 'plan', bundles, timeout: Duration.seconds(30) });
    this.report = new TaskFunction(this, 'Report', { task: 'report', bundles, timeout: Duration.seconds(30) });

    this.loadSite = new TaskFunction(this, 'LoadSite', {
      task: 'load-site',
      bundles,
      timeout: Duration.minutes(1),
      environment: { SITE_PARAMETER_PREFIX: parameters.prefix },
    });
    parameters.grantRead(this.loadSite);
    this.loadSite.addToRolePolicy(
      new PolicyStatement({
        sid: 'CheckThatSecretsExist',
        // Names and types, never values. It knows no resources; its finding is acknowledged with X-Ray's, the same one.
        actions: ['ssm:DescribeParameters'],
        resources: ['*'],
      }),
    );

    // The others open SSH connections. The time is that of a slow site, not of a usual one: seconds.
    const secrets = new SiteSecrets(this, 'Secrets', { sites });
    const onControllers = (name: string, task: string, minutes: number, ...further: SecretPurpose[]) => {
      const timeout = Duration.minutes(minutes);
      const connected = new TaskFunction(this, name, { task, bundles, timeout, ...(network ? { network } : {}) });
      for (const purpose of ['ssh', ...further] as const) secrets.grantRead(purpose, connected);
      return connected;
    };
    this.preflight = onControllers('Preflight', 'preflight', 2);
    this.preflightCloud = onControllers('PreflightCloud', 'preflight-cloud', 2, 'accounts', 'openstack');
    this.bootstrap = onControllers('Bootstrap', 'bootstrap', 5, 'bootstrap');
    this.upgradeSchema = onControllers('UpgradeSchema', 'upgrade-schema', 5);
    this.inspectControllers = onControllers('InspectControllers', 'inspect', 2, 'magnumConf');
    this.stage = onControllers('Stage', 'stage', 5, 'magnumConf');
    this.commit = onControllers('Commit', 'commit', 2);
    this.restart = onControllers('Restart', 'restart', 5);
    this.cycle = onControllers('Cycle', 'cycle', 2);
    this.verify = onControllers('Verify', 'verify', 2, 'openstack');
    // Magnum may take two minutes for a request that changes something, and what it came to is looked up behind it.
    this.ensureClusterTemplate = onControllers('EnsureClusterTemplate', 'ensure-cluster-template', 5, 'openstack');
    this.ensureCluster = onControllers('EnsureCluster', 'ensure-cluster', 5, 'openstack');
    this.pollCluster = onControllers('PollCluster', 'poll-cluster', 2, 'openstack');

    bundles.remove();
  }
}
