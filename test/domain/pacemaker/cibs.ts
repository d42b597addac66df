import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cib, parseCib, type Resource } from '../../../domain/pacemaker/cib';
import { type ClusterStatus, parseClusterStatus } from '../../../domain/pacemaker/status';

/** 2023-11-14 22:15:00 UTC: when the clusters of cib/ and crm_mon/ were looked at, in seconds since 1970. */
export const NOW = 1_700_000_100;

/** The text of a cluster's CIB: see crm_mon/README.md. */
export function cibText(name: string): string {
  return readFileSync(join(__dirname, 'cib', `${name}.xml`), 'utf8');
}

/** Pairs of texts: each first one is replaced by its second one. */
export type Edits = readonly (readonly [found: string, by: string])[];

export function cibOf(name: string, ...edits: Edits): Cib {
  const text = edits.reduce((xml, [found, by]) => {
    if (!xml.includes(found)) throw new Error(`${name}.xml does not have ${found}`);
    return xml.replace(found, by);
  }, cibText(name));
  return parseCib(text, NOW, 'controller node-1');
}

export function statusOf(version: string, name: string): ClusterStatus {
  return parseClusterStatus(statusText(name, version), 'p_haproxy', 'controller node-1');
}

/** What crm_mon printed of a cluster. */
export function statusText(name: string, version = '3.0.2'): string {
  return readFileSync(join(__dirname, 'crm_mon', `${version}-${name}.xml`), 'utf8');
}

export function resourceIn(cib: Cib, id = 'p_haproxy'): Resource {
  const resource = cib.resources.get(id);
  if (!resource) throw new Error(`There is no ${id}`);
  return resource;
}

/** A CIB with only what a test is about. */
export function cibWith(parts: {
  resources: string;
  constraints?: string;
  defaults?: string;
  tags?: string;
  properties?: string;
}): Cib {
  const { resources, constraints = '', defaults = '', tags = '', properties = '' } = parts;
  return parseCib(
    `<cib have-quorum="1"><configuration><crm_config>${properties}</crm_config><nodes><node id="1" uname="node-1"/></nodes>` +
      `<resources>${resources}</resources><constraints>${constraints}</constraints><rsc_defaults>${defaults}</rsc_defaults>` +
      `<tags>${tags}</tags></configuration><status/></cib>`,
    NOW,
    'controller node-1',
  );
}

/** A primitive with a few words inside. */
export function primitive(id: string, inside = ''): string {
  return `<primitive id="${id}" class="ocf" provider="heartbeat" type="Dummy">${inside}</primitive>`;
}

/** A set of meta attributes. @param more attributes or rules of the set */
export function meta(id: string, values: Readonly<Record<string, string>>, more = '', rule = ''): string {
  const pairs = Object.entries(values).map(
    ([name, value]) => `<nvpair id="${id}-${name}" name="${name}" value="${value}"/>`,
  );
  return `<meta_attributes id="${id}" ${more}>${rule}${pairs.join('')}</meta_attributes>`;
}
