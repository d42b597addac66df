import type { CipherAlgorithm, KexAlgorithm, MacAlgorithm } from 'ssh2';
import type { Release } from '../../../domain/site/releases';
import { remembering } from '../../../domain/remembering';

/** A resource agent as the CIB names it: the attributes of a primitive. */
export interface Agent {
  readonly class: 'ocf' | 'lsb' | 'systemd';
  readonly provider?: string;
  readonly type: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** How the Magnum API runs. */
export type ApiForm =
  /** The program `magnum-api`, which reads its address in magnum.conf. */
  | 'program'
  /** uWSGI, which is told so on its command line, by /etc/default/magnum-api. */
  | 'uwsgi';

/** What the programs of a controller are, and how its services run: a distribution with the OpenStack packages on it. */
export interface Generation {
  /** The distribution, and what has installed OpenStack on it. */
  readonly system: string;
  /** The releases of OpenStack that there are for it, the oldest and the newest. */
  readonly releases: readonly [Release, Release];
  readonly pacemaker: {
    readonly version: string;
    /** What crm_mon prints after the version: the commit it was built from. */
    readonly build: string;
    /** The feature set, as the CIB has it. */
    readonly featureSet: string;
    /** Version of the schema of what programs print as XML; there is none before 2.0.3. */
    readonly api: string;
  };
  /** What configures pacemaker, by version. */
  readonly shells: { readonly pcs?: string; readonly crmsh?: string };
  readonly haproxyAgent: Agent;
  readonly virtualIpAgent: Agent;
  /** ID of the clone of a primitive, as the tool names it that has made the cluster. */
  readonly cloneOf: (primitive: string) => string;
  readonly haproxy: {
    /** As `haproxy -v` prints version and date. */
    readonly version: string;
    readonly date: string;
    /** Its arguments, as pacemaker's agent starts it. */
    readonly arguments: (files: HaproxyFiles) => readonly string[];
    readonly pidFile: string;
    /** The processes that it consists of, parents first. */
    readonly processes: 'daemon' | 'master-worker' | 'systemd-wrapper';
    /** The network namespace in which it listens, and the VIP is. */
    readonly namespace?: string;
    /** Whether its parser knows the statement `include`: Fuel's own patch. */
    readonly include: boolean;
    /** Whether it was reloaded once, and sessions with the database still keep the process from before. */
    readonly reloaded?: boolean;
  };
  readonly init: 'sysvinit' | 'upstart' | 'systemd';
  /** Programs that other generations have and this one has not. */
  readonly without: readonly ('service' | 'systemctl' | 'python' | 'python2' | 'python3')[];
  /** What runs Magnum's programs, in the first line of each: path, and options. */
  readonly python: string;
  /** Names of the services. */
  readonly services: {
    readonly api: string;
    readonly conductor: string;
    readonly web: string;
    readonly database: string;
  };
  readonly magnum: {
    readonly api: ApiForm;
    /** Whether the services are told their files on the command line, as Debian's init scripts do. */
    readonly arguments: boolean;
  };
  readonly openssh: Openssh;
  /** Whether the metadata proxies of Neutron's routers run on it, each an HAProxy, as from Pike on. */
  readonly metadataProxies?: boolean;
  /** As `iptables --version` prints it. */
  readonly iptables: string;
}

/** What HAProxy can be started with. */
export interface HaproxyFiles {
  readonly configFile: string;
  /** The directory of fragments; none if the main file includes them. */
  readonly directories: readonly string[];
  /** Paths of the fragments that there are when the controller is installed, and of Magnum's. */
  readonly fragments: readonly string[];
}

/** The algorithms that sshd offers, as far as the library of the simulated one has them: no chacha20, umac or post-quantum ones. */
export interface Openssh {
  /** As it says in its first line. */
  readonly version: string;
  readonly kex: KexAlgorithm[];
  readonly cipher: CipherAlgorithm[];
  readonly hmac: MacAlgorithm[];
}

/** Whether a version is another one or later: numbers with dots between. */
export function since(version: string, first: string): boolean {
  const numbers = numbersIn(version);
  for (const [at, other] of numbersIn(first).entries()) {
    const number = numbers[at] ?? 0;
    if (number !== other) return number > other;
  }
  return true;
}

const numbersIn = remembering((version) => (version.match(/\d+/g) ?? []).slice(0, 3).map(Number));

/** The VIP as all but Fuel have it. */
export const IPADDR2: Agent = { class: 'ocf', provider: 'heartbeat', type: 'IPaddr2' };

/** myproposal.h of OpenSSH 6.6: GCM, chacha20 and curve25519 since 6.2 to 6.5; no SHA-2 signatures of RSA before 7.2. */
export const OPENSSH_6_6: Openssh = {
  version: 'OpenSSH_6.6.1p1 Ubuntu-2ubuntu2.13',
  kex: [
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group-exchange-sha1',
    'diffie-hellman-group14-sha1',
    'diffie-hellman-group1-sha1',
  ],
  cipher: [
    'aes128-ctr',
    'aes192-ctr',
    'aes256-ctr',
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'aes128-cbc',
    '3des-cbc',
    'aes192-cbc',
    'aes256-cbc',
  ],
  hmac: [
    'hmac-sha1-etm@openssh.com',
    'hmac-sha2-256-etm@openssh.com',
    'hmac-sha2-512-etm@openssh.com',
    'hmac-sha1',
    'hmac-sha2-256',
    'hmac-sha2-512',
  ],
};

/** myproposal.h of OpenSSH 7.2 and 7.4, whose servers no longer offer SHA-1 exchanges of 1024 bits and CBC. */
export const OPENSSH_7_2: Openssh = {
  version: 'OpenSSH_7.2p2 Ubuntu-4ubuntu2.10',
  kex: OPENSSH_6_6.kex.filter((one) => !/group1-sha1|exchange-sha1/.test(one)),
  cipher: OPENSSH_6_6.cipher.filter((one) => !one.endsWith('cbc')),
  hmac: OPENSSH_6_6.hmac,
};

/** myproposal.h of OpenSSH 8.4 to 10.0, as far as the client knows them. */
export const OPENSSH_9: Openssh = {
  version: 'OpenSSH_9.2p1 Debian-2+deb12u10',
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ],
  cipher: OPENSSH_7_2.cipher,
  hmac: OPENSSH_6_6.hmac,
};
