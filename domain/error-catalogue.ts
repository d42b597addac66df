/** What an error means, besides the message of each one. */
export interface ErrorEntry {
  readonly meaning: string;
  /** What to do. */
  readonly remedy: string;
  /** Whether it passes by itself, so that the task is tried again. */
  readonly transient?: true;
}

const entry = (meaning: string, remedy: string): ErrorEntry => ({ meaning, remedy });
const transient = (meaning: string, remedy: string): ErrorEntry => ({ meaning, remedy, transient: true });

const TOUCHED_NOTHING = 'Nothing was touched.';
const ALL_PROBLEMS = `Correct the document: the message lists every problem. ${TOUCHED_NOTHING}`;

/** Every error that an execution, the command line or the CDK app can end with, by what it is about. */
export const ERROR_CATALOGUE = {
  'Input and site document': {
    InputInvalid: entry(
      'The input of the execution does not have the right form.',
      'Start with {"site": "golden", "mode": "check"}.',
    ),
    ModeUnknown: entry('There is no such mode.', 'Use "check", which touches nothing, "apply", or "recover".'),
    SiteUnknown: entry('There is no document of this site.', 'Correct the name, or put the document.'),
    SiteDocumentTooLong: entry('The site document has more than 256 KB.', 'Shorten it, as the message says.'),
    SiteDocumentInvalid: entry('The site document has mistakes of several kinds.', ALL_PROBLEMS),
    UnknownField: entry('The site document has a field that does not exist.', ALL_PROBLEMS),
    MissingField: entry('The site document does not have a field that it must have.', ALL_PROBLEMS),
    BadValue: entry('A value in the site document is not one that the field takes.', ALL_PROBLEMS),
    BadAddress: entry('Something in the site document is not an IPv4 address.', ALL_PROBLEMS),
    BadPort: entry('Something in the site document is not a port number.', ALL_PROBLEMS),
    BadHostKey: entry('Something in the site document is not a host key.', ALL_PROBLEMS),
    SecretInClear: entry('The site document has a secret in it, instead of a reference to one.', ALL_PROBLEMS),
    DuplicateName: entry('Two things in the site document have the same name.', ALL_PROBLEMS),
    DuplicateAddress: entry('Two hosts in the site document have the same address.', ALL_PROBLEMS),
    AddressOutsideManagementNetwork: entry('An address is not of the management network.', ALL_PROBLEMS),
    UnknownClusterTemplate: entry('A cluster names a template that the site document does not have.', ALL_PROBLEMS),
    ManagersWithoutLoadBalancer: entry('Several managers need a template with masterLbEnabled.', ALL_PROBLEMS),
    NotInRelease: entry('Something is not there in the release of OpenStack that the document names.', ALL_PROBLEMS),
  },
  Secrets: {
    SecretMissing: entry('A secret of the site is not in SSM.', 'Put it as a SecureString.'),
    SecretNotEncrypted: entry(
      'A secret is in SSM as plain text, where more people can read it.',
      'Delete the parameter, put it again as a SecureString, and change the secret: others may have read it.',
    ),
    SecretTooShort: entry(
      'A secret has fewer than 4 characters: it could not be told apart from other text, nor be redacted.',
      'Choose a longer one, where it is used too, and put it again.',
    ),
    SecretMalformed: entry('A secret ends in a newline.', 'Put it again without one: printf %s "$VALUE" > FILE.'),
    SshPrivateKeyInvalid: entry(
      'The parameter of the private key does not hold a key that can be used.',
      'Put the whole file, in OpenSSH or PEM form, without a passphrase.',
    ),
  },
  Authorization: {
    OutsideChangeWindow: entry(
      'An apply would change something, and the change window of the site is closed.',
      'Start it again when the window opens: the cause says when. If it cannot wait: "outsideWindow" with the reason, in the input.',
    ),
    PersonNeeded: entry(
      'A check started an apply by itself, and that would have done more than onDrift of the site document lets it: something changed since the check.',
      'Look at what the cause lists, and start the apply if it is well. Nothing of it was done.',
    ),
    OutageBudgetExceeded: entry(
      'An apply would cycle HAProxy, and that is expected to take longer than haproxy.outageBudgetMs.',
      'Raise the budget in the site document, or leave HAProxy as it is. Nothing of the apply was done.',
    ),
  },
  Approval: {
    ApprovalVoid: entry(
      'An apply was approved, but by then something on the site, in the document or in the plan had changed, or the answer was no approval.',
      'Start again, and have the new plan approved. Nothing of the apply was done.',
    ),
    ApprovedByStarter: entry(
      'Whoever started an apply approved it, too.',
      'Let somebody else approve it, or set starterMayApprove in the site document. Nothing of the apply was done.',
    ),
    ApprovalRejected: entry(
      'Somebody rejected an apply that waited for approval. The cause says who, and why.',
      'Mend what the cause names, and start again. Nothing of the apply was done.',
    ),
    ApprovalTimedOut: entry(
      'Nobody approved or rejected an apply within approvalMinutes.',
      'Start again. Nothing of the apply was done.',
    ),
  },
  Lock: {
    SiteLocked: entry(
      'Another execution works on this site. If it is a recovery, the apply has already waited 5 minutes for it.',
      'Wait until it has ended. Do not stop it between Disable HAProxy and Enable HAProxy.',
    ),
    ExecutionRedriven: entry(
      'An execution that had ended was redriven. It enables HAProxy if that was disabled, and does nothing else.',
      'Start a new execution.',
    ),
  },
  Functions: {
    FunctionNotReady: entry(
      'Lambda could not invoke one of the functions that an apply needs, for minutes. They are all invoked before anything is touched.',
      'The cause says which one, and why. If its state is Failed, deploy the stack again.',
    ),
  },
  SSH: {
    BastionUnreachable: transient(
      'The bastion does not answer, or is not an SSH server.',
      'Check that it runs, and that its firewall and the VPC let the workflow in.',
    ),
    ControllerUnreachable: transient(
      'A controller does not answer through the bastion.',
      'Check that it runs, and that sshd answers the bastion.',
    ),
    SshConnectionLost: transient(
      'A connection was lost while a command ran. Whether the command had its effect is not known.',
      'Start again: every step is safe to repeat.',
    ),
    HostKeyMismatch: entry(
      'A host shows another key than the site document pins.',
      'If the host was reinstalled, put its new key into the document. If not, somebody may be intercepting the connection.',
    ),
    SshAuthenticationFailed: entry(
      'A host refuses the user or the key.',
      "Put the key's public half into that user's authorized_keys there, or correct the user or the parameter.",
    ),
    SshAlgorithmsDiffer: entry(
      'A host and the workflow have no algorithm in common, or the host has no key of the pinned type.',
      'Pin a host key of a type that it has, or let sshd offer more: the cause says what it offers.',
    ),
    SshForwardingForbidden: entry(
      'A host does not forward TCP connections, without which controllers and OpenStack are out of reach.',
      'Allow it in sshd_config there: AllowTcpForwarding yes, and no PermitOpen that leaves the target out.',
    ),
    SshShellRefused: entry(
      'A controller lets the user in, but runs no commands for it. The cause quotes what the login printed.',
      'Give the user a shell, a password that has not expired, and no forced command.',
    ),
  },
  'Commands on a controller': {
    CommandFailed: entry('A command ended with an exit code that means failure.', 'Run it there by hand.'),
    CommandTimeout: entry('A command took too long and was killed.', 'Run it there by hand to see what it waits for.'),
    ProcessesHidden: entry(
      "A controller hides other users' processes (hidepid), so that nobody can tell what runs there.",
      'Let the SSH user see them: the cause says how.',
    ),
    OutputTooLong: entry(
      'A command printed far more than it should. Nothing of it was used.',
      'Run it there by hand to see what is in it.',
    ),
    SudoRefused: entry(
      'sudo does not allow a command, or asks for a password.',
      'Install the file of magnum-ha sudoers.',
    ),
  },
  'Pacemaker and HAProxy': {
    PreflightRefused: entry(
      'An apply would fail: something is known to break Magnum, the clusters, or a cycle of HAProxy.',
      `Mend the findings that the cause lists, and start again. ${TOUCHED_NOTHING}`,
    ),
    PacemakerUnavailable: entry(
      'Pacemaker does not run on a controller, or what it prints cannot be read.',
      'Start corosync and pacemaker there: crm_mon -1.',
    ),
    XmlRefused: entry(
      'What pacemaker printed is not XML, or is far too long.',
      'Run the command that the cause names by hand.',
    ),
    NoQuorum: entry(
      'The pacemaker cluster lost its quorum just before HAProxy was to be disabled. It was not disabled.',
      'Bring the other controllers, or the network between them, back.',
    ),
    HAProxyResourceUnmanaged: entry(
      'Pacemaker does not act on HAProxy: it is unmanaged, or the cluster is in maintenance mode.',
      'End that first, as the cause says.',
    ),
    ApiPortTaken: entry(
      "Something else listens at Magnum's port on every address: HAProxy could not start again. It was not disabled.",
      'Let that process listen at the address of its controller only, as the cause says.',
    ),
    MagnumUnreachable: entry(
      "Controllers do not reach each other's Magnum API, so HAProxy would not either. It was not disabled.",
      'Look at the firewall of the controller that the cause names.',
    ),
    HAProxyStopTimeout: entry(
      'HAProxy did not stop within its time. It was enabled again.',
      'See what it waits for; long connections delay a soft stop.',
    ),
    HAProxyCycledMeanwhile: entry(
      'HAProxy was started anew on every controller while it was about to be cycled. It was not disabled.',
      'If somebody else has done that, start again.',
    ),
    HAProxyStopBlocked: entry(
      'Pacemaker tried to stop HAProxy and gave up. It was enabled again.',
      'Stop the haproxy processes on the controller that the cause names, then clean up, as the cause says.',
    ),
    HAProxyStopInterrupted: entry(
      'A controller, or the connection to it, was lost while HAProxy was stopping. It was enabled again.',
      'Bring every controller back, then start again.',
    ),
    HAProxyRollTimeout: entry(
      'HAProxy was to be stopped and started on one controller after another, and was not everywhere in its time. No ban of it was left, and what the execution had changed was rolled back.',
      "Look at crm_mon -1 -r, at HAProxy's log and at haproxy -c on the controllers that the cause names.",
    ),
    HAProxyReloadTimeout: entry(
      'HAProxy was reloaded, but did not run with its new fragment everywhere in its time. The old process serves on there, and what the execution had changed was rolled back.',
      "Look at HAProxy's log and at haproxy -c on the controllers that the cause names.",
    ),
    HAProxyStartTimeout: entry(
      'HAProxy was enabled, or was started where it did not run, but did not serve everywhere in its time. What the execution had changed was rolled back.',
      "The cause says what is up now and what is down: look at crm_mon -1 -r and at HAProxy's log if it is still down.",
    ),
    NotRecovered: entry(
      'After an apply that failed, was stopped or timed out, HAProxy could not be seen to serve for hours, or nobody can reach the site.',
      'Look at HAProxy now: crm_mon -1 on a controller; then see the cause.',
    ),
    HAProxyLeftDisabled: entry(
      'HAProxy is disabled, or may be, and could not be enabled: everything behind the VIPs is down. What the execution has ' +
        'disabled comes back by itself, see haproxy.deadManSeconds.',
      '**Run on a controller now what the cause says.** `pcs resource enable` alone does not end a disable of this workflow.',
    ),
  },
  'Managed files': {
    ManagedFileMissing: entry('A file that is to be edited does not exist.', 'Install what it belongs to.'),
    ManagedFileIsLink: entry(
      'Where a managed file should be is a link. It is not followed: in that directory others than root may write.',
      'Put the file itself there, and find out who made the link.',
    ),
    ManagedFileNotText: entry('A file has bytes that are not UTF-8.', 'Correct the line that the cause names by hand.'),
    ConfigFileInvalid: entry('magnum.conf has a line that cannot be parsed.', 'Correct that line by hand.'),
    UnrepresentableValue: entry(
      'A value cannot be written in a form that oslo.config reads back.',
      'Choose another value.',
    ),
    RulesFileInvalid: entry(
      'The file of persistent rules has no complete filter table.',
      'Make it again, as the cause says.',
    ),
    StagingUnsafe: entry(
      'Others than root may write in /etc/magnum-ha, where files are staged, or it lies on another file system than they belong.',
      'Correct what the cause names.',
    ),
    StagedFileRejected: entry(
      "The controller's own program does not accept a new file. The old ones are in use, everywhere.",
      'Correct what the program names.',
    ),
    StagedFileDamaged: entry(
      'A new file did not arrive as it was sent. The old ones are in use, everywhere.',
      'Check the disk of that controller: df, dmesg.',
    ),
    StagedFileChanged: entry(
      'Somebody changed a file after it was validated. It was not put in place, and what was is rolled back.',
      'Start again.',
    ),
  },
  Bootstrap: {
    DatabaseAdminRefused: entry(
      'Root of a controller cannot create accounts in the database.',
      'Let mysql as root in, or create them by hand, as the cause says.',
    ),
    RabbitmqUnreachable: entry('No node of RabbitMQ answers.', 'Check that it runs, and magnum.rabbit.hosts.'),
    RabbitmqAdminRefused: entry(
      'rabbitmqctl does not create the user, or RabbitMQ refuses the one it created.',
      'Create it by hand, as the cause says.',
    ),
    KeystoneAdminRefused: entry(
      "Keystone does not let the workflow's user create what Magnum needs.",
      'Give that user the role, or create it by hand, as the cause says.',
    ),
    SchemaUpgradeFailed: entry(
      'magnum-db-manage failed. The files are in place, no service was restarted.',
      'Run it by hand to see what it says, then start again.',
    ),
  },
  'Magnum and OpenStack': {
    MagnumServiceDown: entry(
      'A service of Magnum does not come back after its restart. The other controllers were not restarted after it.',
      'Look at /var/log/magnum there.',
    ),
    VerificationFailed: entry('Magnum does not serve after the change.', 'The cause says what is missing.'),
    KeystoneUnreachable: transient(
      'Keystone cannot be asked for a token.',
      'Check openstack.authUrl, and that Keystone and HAProxy run.',
    ),
    KeystoneCredentialsRefused: entry(
      'Keystone refuses the user, the password or the project.',
      'Correct the openstack section of the document, or the parameter that it names.',
    ),
    EndpointMissing: entry(
      "Keystone's catalogue does not have an endpoint.",
      'Create it, or correct openstack.region and openstack.interface.',
    ),
    OpenStackUnreachable: transient(
      'A service does not answer. Nothing was changed by the request.',
      'Check that HAProxy and the service behind it run.',
    ),
    OpenStackUnavailable: transient(
      'No server behind HAProxy is up, or Magnum cannot check tokens.',
      'magnum-api.log says which.',
    ),
    OpenStackApiError: entry('A service refused a request.', 'The cause quotes it.'),
    AnswerLost: entry(
      'A request was sent and no answer came: it may have been carried out or not.',
      'Start again: what exists is looked up before anything is created.',
    ),
    UnexpectedAnswer: entry(
      'An answer is not one that the API documents.',
      'Check that the address is that of the service.',
    ),
  },
  'Cluster templates and clusters': {
    DuplicateNameInMagnum: entry(
      'Several templates or clusters have the wanted name.',
      'Delete or rename all but the right one.',
    ),
    OwnedByAnotherProject: entry(
      'The template or cluster with the wanted name belongs to another project. It was not touched.',
      'Give yours another name.',
    ),
    ClusterTemplateMissing: entry('The template of a wanted cluster does not exist.', 'Create the template first.'),
    ClusterUnreadable: entry(
      'Magnum cannot read what it has stored about a cluster.',
      'Correct [trust], and delete the cluster by its UUID.',
    ),
    ClusterFailed: entry(
      'A cluster has failed.',
      "The cause has Magnum's reasons and the resources that failed in Heat.",
    ),
    ClusterDeadlineExceeded: entry(
      'A cluster is not complete within its time.',
      'The cause says what is not complete.',
    ),
    RequestNotTaken: entry(
      'Magnum accepted a request, but no conductor has taken it up.',
      'Check that magnum-conductor runs and reaches RabbitMQ.',
    ),
  },
  Archive: {
    RecordNotArchived: entry(
      'The record of an execution could not be written, or not yet.',
      'Nothing is lost for 90 days: see not-archived in runbook.md.',
    ),
    ExecutionsNotArchived: entry(
      'Executions without a record were found, and could not be recorded.',
      'Nothing is lost for 90 days: see not-swept in runbook.md.',
    ),
  },
  Fleet: {
    SitesNotChecked: entry(
      'In a run of the fleet machine more sites were neither looked at nor are checked than the setting tolerates.',
      'See which with magnum-ha fleet; the others were looked at. Most often an API of AWS was throttled or down: start it again.',
    ),
    FleetResultsMissing: entry(
      'What the looks of a run of the fleet machine came to cannot be read.',
      'Look whether somebody deletes in the bucket of its results, then start it again.',
    ),
  },
  Lab: {
    LabUnavailable: entry(
      'This machine cannot run the lab.',
      'It needs Linux and root; the message says what is missing.',
    ),
    UnknownDebian: entry(
      'The lab does not support this release of Debian.',
      'Name one that it supports: the message lists them.',
    ),
  },
  'Command line and CDK app': {
    UsageError: entry('An option is wrong, or names a file that cannot be used.', 'See --help.'),
    RehearsalImpossible: entry(
      'A drift or a fault that was asked for does not fit the site document.',
      'Leave it out, or rehearse another document. Nothing but the simulation was touched.',
    ),
    SnapshotUnusable: entry(
      'A site cannot be rehearsed as a check saw it: the check did not see all of it or was of another document, or the file is no snapshot.',
      'See the message. Take a new one: magnum-ha start SITE, then magnum-ha snapshot EXECUTION.',
    ),
    AwsUnavailable: entry(
      'AWS cannot be reached with these credentials, or refuses a call.',
      'Set AWS_PROFILE and AWS_REGION as for the aws command; the message has the own words of AWS.',
    ),
    SettingInvalid: entry(
      'The context in cdk.json or after -c is wrong.',
      'Correct it: the message says what is expected.',
    ),
  },
} as const satisfies Record<string, Record<string, ErrorEntry>>;

/** The names of all errors. */
export type ErrorName = {
  [Group in keyof typeof ERROR_CATALOGUE]: keyof (typeof ERROR_CATALOGUE)[Group] & string;
}[keyof typeof ERROR_CATALOGUE];

/** Every error with its entry. */
export const ERRORS = Object.values(ERROR_CATALOGUE).flatMap((group) => Object.entries(group)) as readonly [
  ErrorName,
  ErrorEntry,
][];

/** Those after which a task is tried again. */
export const TRANSIENT_ERRORS = ERRORS.filter(([, { transient: passes }]) => passes).map(([name]) => name);
