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
export function installedFiles(generation: Generation, persistentRules: string): Map<string, string> {
  const { init, python, services } = generation;
  const names = Object.values(services);
  const script = (name: string) => [`/usr/bin/${name}`, `#!${python}\n`] as const;
  return new Map<string, string>([
    ...optionalPrograms(generation).map((name) => [`${DIRECTORIES[name] ?? '/usr/bin'}/${name}`, ''] as const),
    ...['magnum-api', 'magnum-conductor', 'magnum-db-manage'].map(script),
    ...names.map((name) => [serviceFile(init, name), ''] as const),
    ...rulesLoader(generation, persistentRules),
    // Packages of Debian and Ubuntu also have an init script.
    ...(services.web === 'apache2' ? names.map((name) => [`/etc/init.d/${name}`, ''] as const) : []),
  ]);
}

/**
 * What loads the file of rules at boot: of the packages iptables-services, iptables-persistent (14.04) and netfilter-persistent
 * what names it or them; or a script of the operator's, for a file of another name.
 */
function rulesLoader({ init, services }: Generation, path: string): [path: string, content: string][] {
  if (path === '/etc/sysconfig/iptables' && services.web === 'httpd') {
    const unit = '/etc/systemd/system/basic.target.wants/iptables.service';
    return [[unit, '[Service]\nExecStart=/usr/libexec/iptables/iptables.init start\n']];
  }
  if (path !== '/etc/iptables/rules.v4' || services.web === 'httpd') {
    return [['/etc/network/if-pre-up.d/iptables', `#!/bin/sh\n/sbin/iptables-restore < ${path}\n`]];
  }
  if (init === 'upstart') {
    return [['/etc/rcS.d/S37iptables-persistent', `#!/bin/sh\n/sbin/iptables-restore < ${path}\n`]];
  }
  return [
    ['/usr/share/netfilter-persistent/plugins.d/15-ip4tables', `#!/bin/sh\niptables-restore < ${path}\n`],
    init === 'systemd'
      ? [
          '/etc/systemd/system/multi-user.target.wants/netfilter-persistent.service',
          '[Service]\nExecStart=/usr/sbin/netfilter-persistent start\n',
        ]
      : ['/etc/rcS.d/S15netfilter-persistent', '#!/bin/sh\n/usr/sbin/netfilter-persistent start\n'],
  ];
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
