import { existsSync, readFileSync, rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Site } from '../../domain/site/document';
import { edit, fileOf, onControllers, put, type Variant } from './hosts';

/** The names of Magnum's services in the RPM distributions. */
export function withRpmNames(site: Site): Site {
  return {
    ...site,
    magnum: {
      ...site.magnum,
      apiService: 'openstack-magnum-api',
      conductorService: 'openstack-magnum-conductor',
    },
  };
}

/**
 * Magnum's services as the RPM distributions have them: services of other names, and programs that an interpreter with an
 * option runs (`python3 -s`). For the stand-in; of a site `withRpmNames`.
 */
export const rpmServices: Variant = onControllers((seeds, host, { magnum }) => {
  for (const service of [magnum.apiService, magnum.conductorService]) {
    const program = service.replace('openstack-', '');
    const script = fileOf(seeds, host, `/etc/init.d/${program}`);
    if (!existsSync(script)) throw new Error(`The seeds have no ${script}: the stand-in comes later`);
    put(seeds, host, {
      path: `/etc/init.d/${service}`,
      mode: 0o755,
      content: readFileSync(script, 'utf8')
        .replace(`Provides:          ${program}`, `Provides:          ${service}`)
        .replace(`NAME=${program}`, `NAME=${service}`)
        .replace(`--startas /usr/bin/${program}`, '--startas /usr/bin/python3')
        .replace(/DAEMON_ARGS="/, `DAEMON_ARGS="-s /usr/bin/${program} `)
        .replace(/COMMAND_NAME=.*/, 'COMMAND_NAME=python3'),
    });
    rmSync(script);
    edit(seeds, host, '/etc/lab-services', (names) => names.replace(basename(program), service));
  }
});
