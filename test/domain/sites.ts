import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Controller, Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';

/** A site document of `sites/`, with changes made to it before it is checked and its defaults are filled in. */
export function site(name: 'guide' | 'golden', change: (document: Site) => void = () => undefined): Site {
  const document = JSON.parse(readFileSync(join(__dirname, `../../sites/${name}.json`), 'utf8')) as Site;
  change(document);
  return parseSite(name, JSON.stringify(document));
}

/** The site's first controller: node-1, 10.21.22.6. */
export function node1({ controllers: [controller] }: Site): Controller {
  return controller;
}
