import { checkCloud } from '../domain/findings/cloud';
import { hidesCloud, settle } from '../domain/findings/settle';
import { throughSite } from '../domain/openstack/through-site';
import { secretNames } from '../domain/secrets/references';
import type { TaskFunction } from '../domain/tasks';
import { handlerOf } from './runtime/task';

/** What does not answer now is a finding, and the next execution asks again. */
const HTTP = { connectTimeoutMs: 5000, readTimeoutMs: 20_000, writeTimeoutMs: 20_000, retryDelaysMs: [] };

/** Preflight cloud: what Magnum and the wanted clusters need there. Returns all findings, with those from before. */
export const run: TaskFunction<'preflightCloud'> = async ({ site, findings }, world) => {
  if (hidesCloud(findings)) return { findings: settle(findings, site) };
  const found = await throughSite(
    world,
    site,
    { secrets: secretNames(site).accounts, http: HTTP },
    (openstack, connection) => checkCloud(connection, openstack),
  );
  return { findings: settle([...findings, ...found], site) };
};

export const handler = handlerOf(run);
