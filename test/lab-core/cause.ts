import { OPENSTACK_HOST } from '../../lab/openstack/real/profile';
import type { Finding } from '../../domain/findings/finding';
import type { Site } from '../../domain/site/document';
import { reportOf } from '../workflow/local';
import type { OpenStackLab } from './lab';

/** A cause of failure on a lab of real OpenStack, for as long as a check takes. */
export interface Cause {
  /** What is wrong, in words. */
  readonly what: string;
  /** Changes the document of the site. */
  readonly document?: (document: Site) => void;
  /** Changes the cloud: on which hosts, by which lines of bash, and how that is undone. */
  readonly cloud?: { readonly on: readonly string[]; readonly act: string; readonly undo: string };
  /** Secrets that are other than usual, by the names of their SSM parameters. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What preflight finds, and nothing else: what the evidence says, by severity and name. */
  readonly found: Readonly<Record<string, RegExp>>;
}

/** A line of bash that runs Python on the host of the shared services, with Keystone's administrator as `cloud`. */
export function python(script: string): string {
  return `python3 - <<'END'\nfrom lab_identity import Cloud, passwords\ncloud = Cloud()\n${script}\nEND`;
}

/** Turns the endpoints of Keystone's catalogue off, and on again, for which a condition of Python holds. */
export function withoutEndpoints(condition: string): NonNullable<Cause['cloud']> {
  const script = (enabled: string) =>
    python(`for one in cloud.ask("GET", "/endpoints")["endpoints"]:
    if ${condition}:
        cloud.ask("PATCH", f"/endpoints/{one['id']}", json={"endpoint": {"enabled": ${enabled}}})`);
  return shared(script('False'), script('True'));
}

/** A change on the host of the shared services. */
export function shared(act: string, undo: string): NonNullable<Cause['cloud']> {
  return { on: [OPENSTACK_HOST], act, undo };
}

/** Hides a file or directory from whoever looks for it. */
export function hidden(on: readonly string[], path: string): NonNullable<Cause['cloud']> {
  return { on, act: `mv ${path} ${path}.hidden`, undo: `mv ${path}.hidden ${path}` };
}

/** Takes what listens on Keystone's port 35357 away from the VIP, by a reload of HAProxy. */
export function withoutPort35357(on: readonly string[]): NonNullable<Cause['cloud']> {
  const { act, undo } = hidden(on, '/etc/haproxy/conf.d/030-keystone-2.cfg');
  const reload =
    'old=$(cat /run/haproxy.pid); haproxy -D -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d -sf $old; ' +
    'while [ -e /proc/$old ]; do sleep 0.1; done';
  return { on, act: `${act} && ${reload}`, undo: `${undo} && ${reload}` };
}

/** Waits until something answers behind the VIP, without an error of HAProxy's or its own. */
export function untilServing(url: string): string {
  return `until python3 -c 'import requests; assert requests.get("${url}").status_code < 500' 2> /dev/null; do sleep 0.2; done`;
}

/** A secret that is not what the cloud has. */
export function wrong(name: string): NonNullable<Cause['secrets']> {
  return { [`/magnum-ha/openstack/${name}`]: 'not-what-the-cloud-has' };
}

/** Findings of a check while the cause is there. */
export async function findingsOf(
  site: OpenStackLab,
  { document, cloud, secrets = {} }: Cause,
): Promise<readonly Finding[]> {
  const changed = structuredClone(site.lab.document);
  document?.(changed);
  const everywhere = (script: string) => Promise.all((cloud?.on ?? []).map((host) => site.bash(host, script)));
  const usual = new Map(site.parameters);
  for (const [name, value] of Object.entries(secrets)) site.parameters.set(name, { type: 'SecureString', value });
  try {
    await everywhere(cloud?.act ?? '');
    return reportOf(await site.execute('check', changed)).findings;
  } finally {
    for (const [name, parameter] of usual) site.parameters.set(name, parameter);
    await everywhere(cloud?.undo ?? '');
  }
}

/** The findings as a cause expects them: the evidence by severity and name. */
export function evidenceOf(findings: readonly Finding[]): Record<string, string> {
  return Object.fromEntries(findings.map(({ severity, name, evidence }) => [`${severity} ${name}`, evidence]));
}

/** What a cause expects of `evidenceOf`. */
export function expected({ found }: Cause): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(found).map(([name, evidence]) => [name, expect.stringMatching(evidence) as unknown]),
  );
}
