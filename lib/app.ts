import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import cdkJson from '../cdk.json';
import { MagnumHaStack } from './magnum-ha-stack';
import { settingsOf } from './settings';

/** What can be given to `createApp`. */
export interface AppOptions {
  /**
   * Name of the stack.
   *
   * @default - that of the context `prefix`
   */
  readonly prefix?: string;
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
 * @throws SettingInvalid
 */
export function createApp({ prefix, outdir }: AppOptions = {}): App {
  const app = new App({ context: cdkJson.context, ...(outdir === undefined ? {} : { outdir }) });
  const { prefix: set, ...settings } = settingsOf(app);
  new MagnumHaStack(app, prefix ?? set, settings);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return app;
}
