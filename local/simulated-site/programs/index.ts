import { cat, chmod, chown, cp, date, dd, install, mkdir, mv, rm, sha256sum, sleep, stat } from './coreutils';
import { grep } from './grep';
import { haproxy } from './haproxy';
import { iptables, iptablesRestore } from './iptables';
import { magnumConductor, magnumDbManage } from './magnum';
import { env } from './env';
import { find } from './find';
import { head } from './head';
import { mysql } from './mysql';
import { cibadmin } from './cibadmin';
import { crmResource } from './crm-resource';
import { crmMon, pcs } from './pacemaker';
import { crmSimulate } from './crm-simulate';
import { rabbitmqctl } from './rabbitmq';
import { service } from './services';
import { ps } from './ps';
import { ss } from './ss';
import { python3 } from './python';
import type { Program } from './program';

/** Every program that is installed on a controller, as far as the product's catalogue of commands goes. */
export const PROGRAMS: ReadonlyMap<string, Program> = new Map(
  Object.entries({
    cat,
    chmod,
    chown,
    cibadmin,
    cp,
    crm_mon: crmMon,
    crm_resource: crmResource,
    crm_simulate: crmSimulate,
    date,
    dd,
    env: (invocation) => env(invocation, PROGRAMS),
    find,
    grep,
    haproxy,
    head,
    install,
    iptables,
    'iptables-restore': iptablesRestore,
    'magnum-conductor': magnumConductor,
    'magnum-db-manage': magnumDbManage,
    mkdir,
    mv,
    mysql,
    pcs,
    ps,
    python3,
    rabbitmqctl,
    rm,
    service,
    sha256sum,
    sleep,
    ss,
    stat,
  }),
);
