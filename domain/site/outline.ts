import type { DocumentStore, DocumentVersion } from '../world';
import type { Site } from './document';
import { parseSite } from './parse';
import { SiteUnknown } from './load';

/** A site as payloads name it: every task reads the document itself, in the same version. */
export interface SiteReference extends Pick<DocumentVersion, 'version'> {
  readonly name: string;
}

/** What a machine itself reads of a site, for its choices, and an audit from the history. */
export interface SiteOutline extends Pick<Site, 'approvalMinutes' | 'starterMayApprove' | 'bootstrap' | 'onFailure'> {
  readonly controllers: readonly Pick<Site['controllers'][number], 'name' | 'address'>[];
  readonly haproxy: Pick<
    Site['haproxy'],
    'resource' | 'update' | 'stopTimeoutSeconds' | 'startTimeoutSeconds' | 'deadManSeconds'
  >;
  readonly clusterTemplates: readonly Pick<Site['clusterTemplates'][number], 'name'>[];
  readonly clusters: readonly Pick<Site['clusters'][number], 'name' | 'deadlineMinutes'>[];
}

export function outlineOf({
  controllers,
  haproxy,
  clusterTemplates,
  clusters,
  approvalMinutes,
  starterMayApprove,
  bootstrap,
  onFailure,
}: Site): SiteOutline {
  const { resource, update, stopTimeoutSeconds, startTimeoutSeconds, deadManSeconds } = haproxy;
  return {
    controllers: controllers.map(({ name, address }) => ({ name, address })),
    haproxy: { resource, update, stopTimeoutSeconds, startTimeoutSeconds, deadManSeconds },
    clusterTemplates: clusterTemplates.map(({ name }) => ({ name })),
    clusters: clusters.map(({ name, deadlineMinutes }) => ({ name, deadlineMinutes })),
    approvalMinutes,
    starterMayApprove,
    bootstrap,
    onFailure,
  };
}

/** Where one environment of a function keeps the site that it worked on last. */
type Kept = Pick<Map<string, unknown>, 'get' | 'set'>;

/** The key in `kept`. */
const LAST_SITE = 'last site';

/**
 * The site of a reference. The one of the last invocation in this environment is not read again.
 *
 * @throws SiteUnknown if somebody has deleted the version
 */
export async function siteOf({ name, version }: SiteReference, documents: DocumentStore, kept: Kept): Promise<Site> {
  const last = kept.get(LAST_SITE) as { readonly version: string; readonly site: Site } | undefined;
  if (last?.version === version && last.site.name === name) return last.site;
  const stored = await documents.read(name, version);
  if (!stored) {
    throw new SiteUnknown(
      `Version ${version} of the document of site ${name}, with which this execution began, was deleted meanwhile. Start again: it ` +
        `goes on with the newest one.`,
    );
  }
  const site = parseSite(name, stored.text, documents.stack);
  kept.set(LAST_SITE, { version, site });
  return site;
}
