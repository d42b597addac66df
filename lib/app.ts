import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdkJson from '../cdk.json';
import type { Site } from '../domain/site/document';
import { MagnumHaStack } from './magnum-ha-stack';
import { settingsOf, sitesAt } from './settings';

/** What can be given to `createApp`. */
export interface AppOptions {
  /**
   * The sites to deploy.
   *
   * @default - those at the paths in the context `sites`
   */
  readonly sites?: readonly Site[];
  /**
   * Where the assembly goes.
   *
   * @default - where the CDK CLI says, otherwise a temporary folder
   */
  readonly outdir?: string;
}

/**
 * The CDK app, checked by cdk-nag. `createApp({…}).synth()` gives the assembly that `cdk deploy` would deploy, also
 * without the CDK CLI: context and feature flags come from cdk.json in any case.
 *
 * @throws SiteDocumentInvalid, SettingInvalid
 */
export function createApp({ sites, outdir }: AppOptions = {}): App {
  const app = new App({ context: cdkJson.context, ...(outdir === undefined ? {} : { outdir }) });
  const settings = settingsOf(app);
  new MagnumHaStack(app, 'magnum-ha', { ...settings, sites: sites ?? sitesAt(settings.sitePaths) });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
