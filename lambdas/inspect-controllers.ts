import { withSite } from '../domain/commands/site-connection';
import { inspect } from '../domain/controller/inspect';
import { secretNames } from '../domain/secrets/references';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Inspect controllers: compares all of them with the desired state, side by side. */
export const run: TaskFunction<'inspectControllers'> = ({ site, platforms }, world) =>
  withSite(world, site, { platforms, secrets: secretNames(site).magnumConf }, inspect);

export const handler = handlerOf(run);
