import { upgradeSchema } from '../domain/bootstrap/schema';
import type { Site } from '../domain/site/document';
import type { Mode } from '../domain/site/load';
import { withSession } from '../domain/ssh/with-session';

/** Upgrade schema, from the first controller: all of them share the database. */
export function handler({ site, mode }: { site: Site; mode: Mode }) {
  return withSession(site, [], async (session) => {
    const [first] = site.controllers;
    if (!first) throw new Error(`Site ${site.name} has no controllers`);
    return upgradeSchema(await session.controller(first), site, mode);
  });
}
