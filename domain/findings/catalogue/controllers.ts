import { entry, ERROR, type FindingEntry, IF_CLUSTERS, WARNING } from './entry';

/** Found on the controllers: what is installed, and what they reach. */
export const CONTROLLER_CATALOGUE = {
  MagnumNotInstalled: entry(
    ERROR,
    "Magnum's packages are missing on a controller.",
    'Install magnum-api and magnum-conductor there: the workflow configures Magnum only.',
  ),
  MagnumVersionsDiffer: entry(
    WARNING,
    'The controllers have different versions of Magnum, though they share one database and one message queue.',
    'Install the same version on every controller.',
  ),
  ReleaseMismatch: entry(
    WARNING,
    "Another release is installed than the document's, in whose dialect magnum.conf is written.",
    'Set release to the one that is installed.',
  ),
  TrusteeNamesUnknown: entry(
    ERROR,
    'Magnum 2.x is installed, which knows trustee domain and admin by their IDs only.',
    'Upgrade to Newton or later.',
  ),
  SecretsReadable: entry(
    WARNING,
    'Everybody on a controller can read magnum.conf, and the passwords in it.',
    'Apply: it closes the file. Change the passwords if somebody may have read them.',
  ),
  MagnumConfUnreadable: entry(
    ERROR,
    'Magnum cannot read its magnum.conf, and nobody can tell which group could.',
    'Give the file, or its directory, to the group as which Magnum runs.',
  ),
  ManagedFileIsLink: entry(
    ERROR,
    'Where magnum.conf should be is a link. It is not followed: in its directory others than root may write.',
    'Put the file itself there, and find out who made the link.',
  ),
  StagingUnsafe: entry(
    ERROR,
    'Others than root may write in /etc/magnum-ha, or it lies on another file system than a managed file.',
    'Correct what the finding names.',
  ),
  ModifiedInFuture: entry(
    WARNING,
    'A managed file was modified in the future, so that nobody can tell whether what runs has read it.',
    "Correct the controller's clock, then `touch` the file.",
  ),
  DatabaseDriverMissing: entry(
    ERROR,
    "The database driver's module is not installed (from Ussuri on): every request fails with 500.",
    'Install the module, or choose the driver that is installed.',
  ),
  DatabaseUnreachable: entry(
    ERROR,
    'A controller cannot connect to the database.',
    'Correct magnum.database.host, or start the database.',
  ),
  RabbitUnreachable: entry(
    'warning; error if a controller reaches no node at all',
    'A controller cannot connect to a node of RabbitMQ.',
    'Correct magnum.rabbit.hosts, or start that node.',
  ),
  MemcachedUnreachable: entry(
    WARNING,
    'A controller cannot connect to a memcached: requests wait for it.',
    'Correct magnum.memcachedServers, or start it.',
  ),
  KeystonePortUnreachable: entry(
    ERROR,
    'Nothing listens where magnum.keystone says that Keystone is.',
    'Correct the URLs, or start Keystone.',
  ),
  DiscoveryUnreachable: entry(
    WARNING,
    'The discovery service that clusters of swarm and kubernetes need is out of reach.',
    'Let the controllers out to it, or create clusters with a discovery_url of your own.',
  ),
  CaFileMissing: entry(
    ERROR,
    'ca.file is missing on a controller, or the SSH user can read no certificates in it.',
    'Put the certificates there, readable by all, or correct ca.file.',
  ),
  CaFileDiffers: entry(
    WARNING,
    'ca.file does not have all certificates of the document.',
    'Make them the same: Magnum trusts those of the file, the workflow those of the document.',
  ),
  CaFileIsBundle: entry(
    IF_CLUSTERS,
    'ca.file is the bundle of a system. All of it is copied to cluster nodes, and is too much for that.',
    'Name a file with your own CA alone.',
  ),
  ForwardingForbidden: entry(
    ERROR,
    'sshd on a controller does not forward TCP connections, through which the workflow talks to OpenStack.',
    'Allow it in sshd_config there: AllowTcpForwarding yes, and no PermitOpen that leaves the targets out.',
  ),
  FirewallOwnedByOther: entry(
    ERROR,
    'ufw, firewalld or another program makes the firewall rules, and they are closed to the other controllers.',
    "Open the API's port with that program: the finding has the command.",
  ),
  RulesNotLoadedAtBoot: entry(
    WARNING,
    "Nothing loads the file of persistent rules at boot: Magnum's rule would be gone after a reboot.",
    'Have it loaded, as the finding says; if the rules last in another file, correct persistentRules.',
  ),
  PublicVipClosed: entry(
    WARNING,
    'The firewall of a controller lets in no client at the public VIP.',
    'Open the port there: the finding has the command.',
  ),
  FirewallUndecided: entry(
    WARNING,
    'Another program makes the firewall rules, and they depend on something that they alone do not tell.',
    'See whether the port of the API is open to the other controllers. An apply asks each API from them before the outage.',
  ),
} as const satisfies Record<string, FindingEntry>;
