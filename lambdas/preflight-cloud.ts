import { checkCloud } from '../domain/findings/cloud';
import { HAPROXY_DISABLED, settle } from '../domain/findings/settle';
import type { Finding } from '../domain/findings/finding';
import { throughSite } from '../domain/openstack/through-site';
import { secretNames } from '../domain/secrets/references';
import type { Site } from '../domain/site/document';

/** What does not answer now is a finding, and the next execution asks again. */
const HTTP = { connectTimeoutMs: 5000, readTimeoutMs: 20_000, writeTimeoutMs: 20_000, retryDelaysMs: [] };

/** Preflight cloud: what Magnum and the wanted clusters need there. Returns all findings, with those from before. */
export async function handler(given: { site: Site; findings: Finding[] }): Promise<{ findings: Finding[] }> {
  const { site, findings } = given;
  // Then nothing behind the VIP answers, and only a cycle makes it.
  if (findings.some(({ name }) => name === HAPROXY_DISABLED.name)) return { findings: settle(findings, site) };
  const [first] = site.controllers;
  const found = await throughSite(
    site,
    async (openstack, session, secrets) => {
      const tunnel = async (host: string, port: number) => {
        if (!first) throw new Error(`Site ${site.name} has no controllers`);
        return (await session.controller(first)).tunnel(host, port);
      };
      return checkCloud(site, { openstack, tunnel, secrets });
    },
    { further: secretNames(site).accounts, http: HTTP },
  );
  return { findings: settle([...findings, ...found], site) };
}
