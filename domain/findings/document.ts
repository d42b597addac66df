import type { Site } from '../site/document';
import type { Release } from '../site/releases';
import { clusterFindings } from './clusters';
import type { Finding } from './finding';
import { magnumFindings } from './magnum';

/**
 * What a site document alone tells will go wrong, by the known causes of failure of Magnum installs.
 *
 * @param installed the release that is to run with it. What is written is in the dialect of the document's own.
 */
export function documentFindings(site: Site, installed: Release = site.release): Finding[] {
  return [...magnumFindings(site, installed), ...clusterFindings(site, installed)];
}
