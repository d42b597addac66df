import { bootstrap } from './bootstrap/bootstrap';
import { upgradeSchema } from './bootstrap/schema';
import { inspect } from './controller/inspect';
import { plan } from './controller/plan';
import { verify } from './controller/verify';
import { PACEMAKER_FINDINGS } from './findings/pacemaker';
import { PLATFORM_FINDINGS } from './findings/platform';
import { PREFLIGHT_HTTP, preflight, preflightCloud } from './findings/preflight';
import { hidesCloud } from './findings/settle';
import { ensureCluster } from './openstack/clusters';
import { ensureClusterTemplate } from './openstack/templates';
import { throughSite } from './openstack/through-site';
import type { ReportInput } from './report/report';
import { secretNames } from './secrets/references';
import type { Site } from './site/document';
import type { World } from './world';

/** All that a report says of a site on which nothing was changed. */
export type SiteState = Pick<
  ReportInput,
  | 'platforms'
  | 'findings'
  | 'bootstrap'
  | 'schema'
  | 'controllers'
  | 'plan'
  | 'verification'
  | 'clusterTemplates'
  | 'clusters'
>;

/** What came of a look: the site's state if all is as wanted, otherwise the first thing that is not. It holds no secret. */
export type SiteLook =
  { readonly state: SiteState; readonly notAsWanted: null } | { readonly state: null; readonly notAsWanted: string };

/** With these nobody can tell what is served. */
const BLINDING: readonly string[] = [...PACEMAKER_FINDINGS, ...PLATFORM_FINDINGS];

/**
 * Looks at all of a site over one connection, as the states of a check do one after another, and stops at the first thing that is not
 * as wanted. Nothing is changed, and nothing is waited for.
 *
 * @throws whatever the looks throw
 */
export async function lookAtSite(world: World, site: Site): Promise<SiteLook> {
  // The others are among these.
  const needs = { secrets: secretNames(site).magnumConf, http: PREFLIGHT_HTTP };
  return throughSite(world, site, needs, async (openstack, connection): Promise<SiteLook> => {
    const { platforms, findings: onControllers } = await preflight(connection);
    const known = connection.on(platforms);
    const isBlinding = onControllers.some(({ name, severity }) => severity === 'error' && BLINDING.includes(name));
    if (isBlinding || hidesCloud(onControllers)) return other('findings', onControllers);
    const findings = await preflightCloud(connection, openstack, onControllers);
    if (findings.some(({ severity }) => severity === 'error')) return other('findings', findings);

    const items = await bootstrap(connection, openstack, 'check');
    if (items.some(differs)) return other('bootstrap', items.filter(differs));
    const { controllers, blastRadius } = await inspect(known);
    const planned = plan(site, { controllers, blastRadius });
    if (planned.changed) return { state: null, notAsWanted: planned.summary.join('; ') };
    const schema = site.bootstrap.includes('schema') ? await upgradeSchema(connection.nodes[0], 'check') : null;
    if (schema && differs(schema)) return other('schema', [schema]);
    const verification = await verify(known, openstack, []);
    if (!verification.healthy) return { state: null, notAsWanted: verification.waitingFor.join(' ') };

    const clusterTemplates = [];
    for (const wanted of site.clusterTemplates) {
      clusterTemplates.push(await ensureClusterTemplate(openstack.magnum, wanted, 'check'));
    }
    const clusters = await Promise.all(site.clusters.map((wanted) => ensureCluster(openstack, wanted, 'check')));
    const inCloud = [...clusterTemplates, ...clusters].filter(differs);
    if (inCloud.length > 0) return other('in the cloud', inCloud);
    return {
      state: {
        ...{ platforms, findings, controllers, plan: planned, schema, verification, clusterTemplates, clusters },
        bootstrap: isAsked(site) ? items : null,
      },
      notAsWanted: null,
    };
  });
}

/** Whether the document asks for more than the schema. */
function isAsked({ bootstrap: parts }: Site): boolean {
  return parts.some((part) => part !== 'schema');
}

function differs({ action }: { readonly action: string }): boolean {
  return action === 'missing' || action === 'differs';
}

function other(what: string, named: readonly { readonly name: string }[]): SiteLook {
  return { state: null, notAsWanted: `${what}: ${[...new Set(named.map(({ name }) => name))].join(', ')}` };
}
