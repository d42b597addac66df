import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Platform } from '../domain/commands/platform';
import { messageOf } from '../domain/errors';
import type { Site } from '../domain/site/document';
import { UsageError } from './context';

const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.:@-]*$/);
const path = z.string().regex(/^(\/[A-Za-z0-9_.-]+)+$/);

/** Platforms in the report of a check. Strict, because what is in a file may become a line of a sudoers file. */
const platformsSchema = z.array(
  z.strictObject({
    controllers: z.array(name),
    platform: z.strictObject({
      pacemaker: name,
      shell: z.enum(['pcs', 'crmsh']),
      haproxy: name,
      include: z.enum(['directory', 'statement']),
      pidFile: path,
      namespace: name.exactOptional(),
      apiService: name,
      conductorService: name,
      services: z.enum(['service', 'systemctl']),
      python: z.union([name, path]),
    }),
  }),
);

const reportSchema = z.looseObject({ site: z.string(), platforms: platformsSchema });

/** The platforms that an execution found, by its report. @throws UsageError */
export function platformsIn(file: string, site: Site): Platform[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} is no report: ${messageOf(error)}`);
  }
  const { data, error } = reportSchema.safeParse(content);
  if (!data) throw new UsageError(`${file} is no report with the platforms of a site: ${z.prettifyError(error)}`);
  if (data.site !== site.name) throw new UsageError(`${file} is the report of site ${data.site}, not of ${site.name}`);
  const known = data.platforms.flatMap(({ controllers }) => controllers);
  const missing = site.controllers.filter((one) => !known.includes(one.name)).map((one) => one.name);
  if (missing.length > 0) {
    throw new UsageError(`${file} has no platform of ${missing.join(', ')}. Take the report of a new check.`);
  }
  return data.platforms.map(({ platform }) => platform);
}
