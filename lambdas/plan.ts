import type { Inspection } from './controller/inspect';
import { plan } from './controller/plan';
import type { Site } from './site/document';

/** Plan: the smallest set of actions that removes the drift. */
export function handler({ site, ...inspection }: Inspection & { site: Site }) {
  return Promise.resolve(plan(site, inspection));
}
