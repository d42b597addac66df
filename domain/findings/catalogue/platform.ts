import { entry, ERROR, type FindingEntry, WARNING } from './entry';

/** Found in what the controllers' programs are, and how they run, before anything else is asked. */
export const PLATFORM_CATALOGUE = {
  PacemakerNotInstalled: entry(
    ERROR,
    'There is no crm_mon on a controller.',
    'Install pacemaker 1.1.12 or later there, or take the controller out of the document.',
  ),
  PacemakerTooOld: entry(ERROR, 'Pacemaker is older than 1.1.12.', 'Upgrade it to 1.1.12 or later.'),
  ClusterShellMissing: entry(
    ERROR,
    'Neither pcs nor crmsh, by which HAProxy is disabled and enabled, is installed.',
    'Install pcs 0.9.149 or later, or crmsh 1.2.5 or later.',
  ),
  HAProxyNotInstalled: entry(ERROR, 'There is no haproxy on a controller.', 'Install HAProxy 1.5 or later there.'),
  HAProxyTooOld: entry(
    ERROR,
    'HAProxy is older than 1.5, or than 1.7 and to read a directory of fragments.',
    'Upgrade it to the version that the finding names.',
  ),
  FragmentNotRead: entry(
    ERROR,
    'HAProxy was started with files of which none is, or includes, the directory of fragments: a fragment has no effect.',
    'Have it started with -f on the directory too, as the finding says.',
  ),
  HAProxyNotReloadable: entry(
    ERROR,
    'The site document wants HAProxy to be reloaded, and nobody knows how its resource agent does that.',
    'Set haproxy.update to cycle, or use one of the agents that the finding names.',
  ),
  OtherHAProxy: entry(
    WARNING,
    "Processes named haproxy run that are not those of pacemaker's resource, such as Neutron's metadata proxies.",
    'Nothing, if they belong there: they are left alone.',
  ),
  ProcessesHidden: entry(
    ERROR,
    'The SSH user does not see the processes of other users: nobody could tell what runs.',
    'Add it to the group of hidepid that /proc/mounts names.',
  ),
  SudoIncomplete: entry(
    ERROR,
    'sudo refuses a command that the site may need to the SSH user.',
    'Print the sudoers file anew, and put it on that controller.',
  ),
  ServiceCommandMissing: entry(ERROR, 'Neither service nor systemctl is installed.', 'Install what has one of them.'),
  MagnumInContainer: entry(
    ERROR,
    "Magnum runs in containers, which the controller's files and services do not reach.",
    'Deploy it there by what made the containers.',
  ),
  MagnumServiceUnknown: entry(
    ERROR,
    'There is no service of the name that the document has, nor of that of RPM packages.',
    "Install Magnum's packages, or correct magnum.apiService and magnum.conductorService.",
  ),
  PythonMissing: entry(ERROR, 'There is no Python on a controller.', 'Install what Magnum runs by.'),
} as const satisfies Record<string, FindingEntry>;
