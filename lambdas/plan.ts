import type { Inspection } from '../domain/controller/inspect';
import { plan } from '../domain/controller/plan';
import type { Site } from '../domain/site/document';

/** Plan: the smallest set of actions that removes the drift. */
export function handler({ site, ...inspection }: Inspection & { site: Site }) {
  return Promise.resolve(plan(site, inspection));
}
