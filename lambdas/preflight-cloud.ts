import { PREFLIGHT_HTTP, preflightCloud } from '../domain/findings/preflight';
import { hidesCloud, settle } from '../domain/findings/settle';
import { throughSite } from '../domain/openstack/through-site';
import { secretNames } from '../domain/secrets/references';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** Preflight cloud: what Magnum and the wanted clusters need there. Returns all findings, with those from before. */
export const run: TaskFunction<'preflightCloud'> = async ({ site, findings }, world) => {
  if (hidesCloud(findings)) return { findings: settle(findings, site) };
  const needs = { secrets: secretNames(site).accounts, http: PREFLIGHT_HTTP };
  return throughSite(world, site, needs, async (openstack, connection) => ({
    findings: await preflightCloud(connection, openstack, findings),
  }));
};

export const handler = handlerOf(run);
