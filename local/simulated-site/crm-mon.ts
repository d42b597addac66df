import { type Element, element, MONITOR_MS, print, VIRTUAL_IP } from './cib';
import { isDisabled } from './cib-rules';
import { type Agent, type Generation, since } from './generations/generation';
import type { ClusterNode, ClusterView, Pacemaker } from './pacemaker';

/*
 * What crm_mon prints as XML, by release: test/domain/pacemaker/crm_mon has what those of 1.1.12 to 3.0.2 printed for a CIB, and
 * truth/debian11 to 13 what they printed on a running cluster. For 2.1.6 and 2.1.7 it is what cts/cli/regression.crm_mon.exp of
 * Pacemaker's repository expects at these tags.
 */

type Attributes = Record<string, string | number | boolean | undefined>;

/** Prints what `crm_mon -1 -r` of a release says of a cluster. */
export class CrmMon {
  private readonly version: string;

  constructor(private readonly generation: Pick<Generation, 'pacemaker' | 'haproxyAgent' | 'virtualIpAgent'>) {
    this.version = generation.pacemaker.version;
  }

  /** Whether it prints XML with `--output-as=xml`; before, with `--as-xml`. */
  get formats(): boolean {
    return since(this.version, '2.0.3');
  }

  /** The status as XML. */
  xml(pacemaker: Pacemaker, view: ClusterView, request: string): string {
    const children = [
      this.summary(pacemaker, view),
      this.element(
        'nodes',
        {},
        view.nodes.map((node) => this.node(node, view)),
      ),
      this.element('resources', {}, [this.virtualIp(view), this.clone(pacemaker, view)]),
      ...this.failures(pacemaker, view),
    ];
    if (!this.formats) {
      return `<?xml version="1.0"?>\n${printOld(this.element('crm_mon', { version: this.version }, children))}`;
    }
    const bans = this.bans(view);
    return print(this.result(request, [...children, ...bans, this.element('status', { code: 0, message: 'OK' })]));
  }

  /** What it says if the cluster does not run, or if the user may not ask. */
  notConnected(request: string): { readonly exit: number; readonly stdout: string } {
    // ENOTCONN; exit codes of Pacemaker's own came with 2.0.0.
    if (!since(this.version, '1.1.15')) {
      return { exit: 107, stdout: '\nConnection to cluster failed: Transport endpoint is not connected\n' };
    }
    if (!this.formats) return { exit: 107, stdout: '\nError: cluster is not available on this node\n' };
    const errors = since(this.version, '2.1.0')
      ? [
          'error: Could not connect to launcher: Connection refused',
          'crm_mon: Connection to cluster failed: Connection refused',
        ]
      : ['crm_mon: Error: cluster is not available on this node'];
    return {
      exit: 102,
      stdout: `<pacemaker-result api-version="${this.generation.pacemaker.api}" request="${request}">
  <status code="102" message="Not connected">
    <errors>
${errors.map((error) => `      <error>${error}</error>\n`).join('')}    </errors>
  </status>
</pacemaker-result>
`,
    };
  }

  private result(request: string, children: Element[]): Element {
    return this.element('pacemaker-result', { 'api-version': this.generation.pacemaker.api, request }, children);
  }

  /** A value of what this release prints, and no release before that. */
  private from<T>(version: string, value: T): T | undefined {
    return since(this.version, version) ? value : undefined;
  }

  private element(name: string, attributes: Attributes, children: Element[] = []): Element {
    const given: Record<string, string> = {};
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) given[key] = String(value);
    return element(name, given, children);
  }

  private summary({ nodes }: Pacemaker, view: ClusterView): Element {
    const { version, build } = this.generation.pacemaker;
    const dc = dcOf(view);
    const instances = nodes.length;
    const blocked = view.members.filter(({ state }) => state === 'stop-failed').length;
    const now = dateOf(view.now);
    const of = [
      this.element('stack', { type: 'corosync', 'pacemakerd-state': this.from('2.1.6', 'running') }),
      this.element(
        'current_dc',
        dc
          ? {
              present: true,
              version: `${version}-${build}`,
              name: dc.name,
              id: dc.id,
              with_quorum: view.quorum,
              mixed_version: this.from('2.1.3', false),
            }
          : { present: false },
      ),
    ];
    const when = [
      this.element('last_update', { time: now, origin: this.from('3.0.0', dc?.name) }),
      this.element('last_change', { time: now, user: 'root', client: 'cibadmin', origin: nodes[0]?.name ?? '' }),
    ];
    return this.element('summary', {}, [
      ...(since(this.version, '1.1.15') ? [...of, ...when] : [...when, ...of]),
      this.element('nodes_configured', {
        number: nodes.length,
        expected_votes: this.formats ? undefined : 'unknown',
      }),
      this.element('resources_configured', {
        number: instances + 1,
        disabled: this.from('1.1.16', isDisabled(view.policy) ? instances : 0),
        blocked: this.from('1.1.16', blocked),
      }),
      ...(since(this.version, '1.1.13') ? [this.options(view)] : []),
    ]);
  }

  private options({ policy }: ClusterView): Element {
    const renamed = since(this.version, '3.0.2');
    const stonith = { 'stonith-enabled': false };
    return this.element('cluster_options', {
      ...(renamed ? { 'fencing-enabled': false, 'fencing-timeout-ms': 60000 } : stonith),
      'symmetric-cluster': true,
      'no-quorum-policy': 'stop',
      'maintenance-mode': this.from('1.1.16', policy.maintenance),
      'stop-all-resources': this.from('2.0.4', false),
      ...(renamed ? {} : { 'stonith-timeout-ms': this.from('2.1.0', 60000) }),
      'priority-fencing-delay-ms': this.from('2.1.0', 0),
      ...(renamed ? { ...stonith, 'stonith-timeout-ms': 60000 } : {}),
    });
  }

  private node(node: ClusterNode, view: ClusterView): Element {
    const online = view.members.includes(node);
    const running = (online && active(node) ? 1 : 0) + (view.virtualIp === node.name ? 1 : 0);
    return this.element('node', {
      name: node.name,
      id: node.id,
      online,
      standby: false,
      standby_onfail: false,
      maintenance: false,
      pending: false,
      unclean: false,
      health: this.from('2.1.3', 'green'),
      feature_set: online ? this.from('2.1.3', this.generation.pacemaker.featureSet) : undefined,
      shutdown: false,
      expected_up: true,
      is_dc: dcOf(view) === node,
      resources_running: running,
      type: 'member',
    });
  }

  private virtualIp(view: ClusterView): Element {
    const node = view.members.find(({ name }) => name === view.virtualIp);
    return this.resource({
      id: VIRTUAL_IP,
      agent: this.generation.virtualIpAgent,
      role: node ? 'Started' : 'Stopped',
      blocked: false,
      maintenance: view.policy.maintenance,
      managed: !view.policy.maintenance,
      failed: false,
      node,
    });
  }

  private clone(pacemaker: Pacemaker, view: ClusterView): Element {
    const { targetRole, cloneTargetRole, managed, maintenance } = view.policy;
    const runs = (node: ClusterNode): boolean => view.members.includes(node) && active(node);
    const instances = [...view.nodes.filter(runs), ...view.nodes.filter((node) => !runs(node))];
    const attributes = {
      id: pacemaker.clone,
      multi_state: false,
      unique: false,
      maintenance: this.from('2.1.6', maintenance),
      managed: !maintenance,
      disabled: this.from('2.0.4', cloneTargetRole?.toLowerCase() === 'stopped'),
      failed: false,
      failure_ignored: false,
      target_role: this.from('1.1.16', cloneTargetRole ?? targetRole),
    };
    const children = instances.map((node) => {
      const here = runs(node);
      const failed = here && node.state === 'stop-failed';
      return this.resource({
        id: pacemaker.resource,
        agent: this.generation.haproxyAgent,
        role: here ? ROLES[node.state] : 'Stopped',
        targetRole,
        blocked: failed,
        maintenance,
        // Pacemaker treats a resource that it may not touch any more as one it does not manage.
        managed: managed && !maintenance && !failed,
        failed,
        node: here ? node : undefined,
      });
    });
    return this.element('clone', attributes, children);
  }

  private resource({ id, agent, role, targetRole, blocked, maintenance, managed, failed, node }: Resource): Element {
    const attributes = {
      id,
      // One colon parts class and provider from 2.1.0 on.
      resource_agent: [agent.class, agent.provider, agent.type]
        .filter((part) => part !== undefined)
        .join(':')
        .replace(/^ocf:/, since(this.version, '2.1.0') ? 'ocf:' : 'ocf::'),
      role,
      target_role: this.from('1.1.16', targetRole),
      active: node !== undefined,
      orphaned: false,
      removed: this.from('3.0.2', false),
      blocked: this.from('1.1.16', blocked),
      maintenance: this.from('2.1.6', maintenance),
      managed,
      failed,
      failure_ignored: false,
      nodes_running_on: node ? 1 : 0,
    };
    // It says the opposite of what it said before 2.0.3.
    const on = node && this.element('node', { name: node.name, id: node.id, cached: this.formats });
    return this.element('resource', attributes, on ? [on] : []);
  }

  private failures(pacemaker: Pacemaker, view: ClusterView): Element[] {
    const elements = view.members.flatMap(({ name, failure }) => {
      if (!failure) return [];
      const { task, at, call } = failure;
      const statuses = since(this.version, '3.0.0') ? ['Timed out', 'Done'] : ['Timed Out', 'complete'];
      const [timedOut, complete] = statuses;
      const died = task === 'monitor';
      const interval = died ? MONITOR_MS : 0;
      return this.element('failure', {
        op_key: `${pacemaker.resource}_${task}_${interval}`,
        node: name,
        exitstatus: this.exitStatus(died),
        exitreason: this.from('1.1.13', since(this.version, '2.0.0') ? '' : 'none'),
        exitcode: died ? 7 : 1,
        call,
        status: task === 'stop' ? timedOut : complete,
        'last-rc-change': this.formats ? new Date(at).toISOString().replace('T', ' ').replace(/\.\d+/, '') : dateOf(at),
        queued: 0,
        exec: died ? 0 : 30,
        interval,
        task,
      });
    });
    return elements.length > 0 ? [this.element('failures', {}, elements)] : [];
  }

  /** @param died whether it was found dead, instead of failing itself */
  private exitStatus(died: boolean): string {
    if (since(this.version, '3.0.0')) return died ? 'Not running' : 'Error occurred';
    if (died) return 'not running';
    return since(this.version, '2.0.2') ? 'error' : 'unknown error';
  }

  private bans({ policy, nodes }: ClusterView): Element[] {
    const elements = policy.bans
      .filter(({ node }) => nodes.some(({ name }) => name === node))
      .map(({ id, resource, node }) =>
        this.element('ban', {
          id,
          resource,
          node,
          weight: -1000000,
          'promoted-only': this.from('2.1.0', false),
          master_only: false,
        }),
      );
    return elements.length > 0 ? [this.element('bans', {}, elements)] : [];
  }
}

interface Resource {
  readonly id: string;
  readonly agent: Agent;
  readonly role: string;
  readonly targetRole?: string | undefined;
  readonly blocked: boolean;
  readonly maintenance: boolean;
  readonly managed: boolean;
  readonly failed: boolean;
  readonly node: ClusterNode | undefined;
}

const ROLES = {
  starting: 'Starting',
  started: 'Started',
  stopping: 'Stopping',
  'stop-failed': 'Started',
  'given-up': 'Stopped',
  stopped: 'Stopped',
} as const;

/** With the indents and blanks that crm_mon's own printing had. */
function printOld({ name, attributes, children }: Element, indent = ''): string {
  const pairs = Object.entries(attributes).map(([attribute, value]) => ` ${attribute}="${value}"`);
  const start = `${indent}<${name}${pairs.join('')}`;
  if (children.length === 0) return `${start}${'cached' in attributes ? '' : ' '}/>\n`;
  const inside = children.map((child) => printOld(child, `${indent}    `)).join('');
  return `${start}${pairs.length > 0 && indent !== '' ? ' ' : ''}>\n${inside}${indent}</${name}>\n`;
}

function active({ state }: ClusterNode): boolean {
  return state !== 'stopped' && state !== 'given-up';
}

function dcOf({ members }: ClusterView): ClusterNode | undefined {
  return members[0];
}

function dateOf(milliseconds: number): string {
  return new Date(milliseconds).toUTCString().replace(/^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1 $3 $2 $5 $4');
}
