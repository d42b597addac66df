import type { Generation } from '../generations';
import { OPTIONAL, optionalPrograms } from '../generations/installed';
import { cibadmin } from './cibadmin';
import {
  cat,
  chgrp,
  chmod,
  chown,
  cp,
  date,
  dd,
  head,
  ls,
  mkdir,
  mv,
  rm,
  sha256sum,
  sleep,
  stat,
  touch,
} from './coreutils';
import { crm } from './crm';
import { crmResource } from './crm-resource';
import { crmSimulate } from './crm-simulate';
import { chrootOf, envOf, flockOf, ipOf } from './env';
import { find } from './find';
import { grep } from './grep';
import { haproxy } from './haproxy';
import { iptables, iptablesRestore } from './iptables';
import { magnumConductor, magnumDbManage } from './magnum';
import { mysql } from './mysql';
import { crmMon } from './pacemaker';
import { pcs } from './pcs';
import type { Program } from './program';
import { ps } from './ps';
import { python, python2, python3 } from './python';
import { rabbitmqctl } from './rabbitmq';
import { reloadsOf } from './reload';
import { service, systemctl } from './services';
import { setsid } from './setsid';
import { ss } from './ss';
import { sudo } from './sudo';

/** Every program that there is in any generation, as far as the product's catalogue of commands goes. */
const PROGRAMS: Readonly<Record<string, Program>> = {
  cat,
  chgrp,
  chmod,
  chown,
  cibadmin,
  cp,
  crm,
  crm_mon: crmMon,
  crm_resource: crmResource,
  crm_simulate: crmSimulate,
  date,
  dd,
  find,
  grep,
  haproxy,
  head,
  iptables,
  'iptables-restore': iptablesRestore,
  ls,
  'magnum-conductor': magnumConductor,
  'magnum-db-manage': magnumDbManage,
  mkdir,
  mv,
  mysql,
  pcs,
  ps,
  python,
  python2,
  python3,
  rabbitmqctl,
  rm,
  service,
  setsid,
  sha256sum,
  sleep,
  ss,
  stat,
  sudo,
  systemctl,
  touch,
};

const known = new WeakMap<Generation, ReadonlyMap<string, Program>>();

/** The programs that are installed on the controllers of a generation. */
export function programsOf(generation: Generation): ReadonlyMap<string, Program> {
  let programs = known.get(generation);
  if (!programs) {
    const optional: readonly string[] = OPTIONAL;
    const installed = optionalPrograms(generation);
    const there = Object.entries(PROGRAMS).filter(([name]) => !optional.includes(name) || installed.includes(name));
    const all = new Map(there);
    all.set('chroot', chrootOf(all));
    all.set('env', envOf(all));
    all.set('ip', ipOf(all));
    all.set('flock', flockOf(all));
    for (const [path, program] of reloadsOf(generation)) all.set(path, program);
    programs = all;
    known.set(generation, programs);
  }
  return programs;
}
