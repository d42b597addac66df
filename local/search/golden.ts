import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Site } from '../../domain/site/document';
import { parseSite } from '../../domain/site/parse';

let parsed: Site | undefined;

/** The document that all scenarios are about. */
export function goldenSite(): Site {
  const file = join(__dirname, '..', '..', 'sites', 'golden.json');
  return (parsed ??= parseSite(file, readFileSync(file, 'utf8')));
}
