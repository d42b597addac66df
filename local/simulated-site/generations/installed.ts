import type { Generation } from './generation';

/** Programs that not every generation has. */
export const OPTIONAL = ['pcs', 'crm', 'service', 'systemctl', 'python', 'python2', 'python3'] as const;

/** Those that it has. */
export function optionalPrograms({ shells, without }: Generation): string[] {
  return OPTIONAL.filter((name) => {
    if (name === 'pcs') return shells.pcs !== undefined;
    if (name === 'crm') return shells.crmsh !== undefined;
    return !without.includes(name);
  });
}

/** Its programs and services, as far as somebody looks for them: path and content. */
export function installedFiles(generation: Generation): Map<string, string> {
  const { init, python, services } = generation;
  const names = Object.values(services);
  const script = (name: string) => [`/usr/bin/${name}`, `#!${python}\n`] as const;
  return new Map<string, string>([
    ...optionalPrograms(generation).map((name) => [`${DIRECTORIES[name] ?? '/usr/bin'}/${name}`, ''] as const),
    ...['magnum-api', 'magnum-conductor', 'magnum-db-manage'].map(script),
    ...names.map((name) => [serviceFile(init, name), ''] as const),
    // Packages of Debian and Ubuntu have an init script besides, for whatever runs it.
    ...(services.web === 'apache2' ? names.map((name) => [`/etc/init.d/${name}`, ''] as const) : []),
  ]);
}

/** The directories of such that are there even if nothing of it lies in them. */
export function installedDirectories({ init }: Generation): string[] {
  const common = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin', '/etc/init.d'];
  const systemd = ['/etc/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];
  return [...common, ...(init === 'upstart' ? ['/etc/init'] : systemd)];
}

const DIRECTORIES: Readonly<Record<string, string>> = { pcs: '/usr/sbin', crm: '/usr/sbin', service: '/usr/sbin' };

function serviceFile(init: Generation['init'], name: string): string {
  if (init === 'upstart') return `/etc/init/${name}.conf`;
  return init === 'systemd' ? `/lib/systemd/system/${name}.service` : `/etc/init.d/${name}`;
}
