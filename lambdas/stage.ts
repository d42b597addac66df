import { withSite } from '../domain/commands/site-connection';
import { stage } from '../domain/controller/stage';
import { secretNames } from '../domain/secrets/references';
import { controllerNamed } from '../domain/site/named';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Stage and validate, on one controller: new files beside the old ones, validated by the controller's own programs. */
export const run: TaskFunction<'stage'> = ({ site, platforms, controller, execution }, world) => {
  const { magnumConf, digest } = secretNames(site);
  const expected = [controllerNamed(site, controller)];
  const needs = { platforms, secrets: magnumConf, further: [digest], expected };
  return withSite(world, site, needs, ({ node, secrets }) => stage(node(controller), secrets, execution));
};

export const handler = handlerOf(run);
