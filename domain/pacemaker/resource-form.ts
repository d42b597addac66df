import { ancestors, type Cib, primitivesOf, type Resource } from './cib';

/** What HAProxy's resource is. Only the first two are supported: they run on every controller. */
export type ResourceForm =
  /** A primitive in a clone. */
  | { readonly kind: 'clone'; readonly primitive: Resource; readonly clone: Resource }
  /** A member of a group in a clone. */
  | { readonly kind: 'cloned-group'; readonly primitive: Resource; readonly group: Resource; readonly clone: Resource }
  /** A primitive that runs on one controller at a time. */
  | { readonly kind: 'primitive'; readonly primitive: Resource }
  /** A member of a group that runs on one controller at a time. */
  | { readonly kind: 'group-member'; readonly primitive: Resource; readonly group: Resource }
  /** The document names a group, or a clone of one, and not the member of it that is HAProxy. */
  | { readonly kind: 'group'; readonly members: readonly Resource[] }
  | { readonly kind: 'bundle'; readonly bundle: Resource }
  /** The document names a tag or a template, which stands for these resources. */
  | { readonly kind: 'tag' | 'template'; readonly ids: readonly string[] }
  | { readonly kind: 'unknown' };

/** HAProxy's resource in a form that we can work with. */
export type SupportedForm = Extract<ResourceForm, { kind: 'clone' | 'cloned-group' }>;

/** What the resource of this ID is: the ID of the primitive, or of what is around it. */
export function resourceForm(cib: Cib, id: string): ResourceForm {
  const stands = cib.standsFor.get(id);
  if (stands) return stands;
  const resource = cib.resources.get(id);
  if (!resource) return { kind: 'unknown' };
  const bundle = [resource, ...ancestors(resource)].find(({ kind }) => kind === 'bundle');
  if (bundle) return { kind: 'bundle', bundle };
  const members = primitivesOf(resource);
  // A clone of one primitive stands for it; a group does not stand for a member of it.
  const [primitive] = members;
  if (!primitive || members.length > 1 || (resource !== primitive && primitive.parent !== resource)) {
    return { kind: 'group', members };
  }
  const around = ancestors(primitive);
  const group = around.find(({ kind }) => kind === 'group');
  const clone = around.find(({ kind }) => kind === 'clone');
  if (resource === group) return { kind: 'group', members };
  if (clone) return group ? { kind: 'cloned-group', primitive, group, clone } : { kind: 'clone', primitive, clone };
  return group ? { kind: 'group-member', primitive, group } : { kind: 'primitive', primitive };
}

/** Whether HAProxy's resource has a form that we can work with. */
export function isSupported(form: ResourceForm): form is SupportedForm {
  return form.kind === 'clone' || form.kind === 'cloned-group';
}

/** Why we cannot work with HAProxy's resource in this form, and what to do. */
export function whyUnsupported(
  form: Exclude<ResourceForm, SupportedForm>,
  id: string,
): { readonly evidence: string; readonly remedy: string } {
  const onEach = 'It must run on every controller: make a clone of';
  switch (form.kind) {
    case 'primitive':
      return {
        evidence: `${id} is a primitive without a clone, so HAProxy runs on one controller at a time`,
        remedy: `${onEach} ${id}.`,
      };
    case 'group-member':
      return {
        evidence: `${id} is a member of the group ${form.group.id}, so HAProxy runs on one controller at a time`,
        remedy: `${onEach} the group, or of ${id} alone.`,
      };
    case 'group':
      return {
        evidence: `${id} is a group, or a clone of one`,
        remedy: `Set haproxy.resource to the member that is HAProxy${oneOf(haproxies(form.members))}.`,
      };
    case 'bundle':
      return {
        evidence: `${id} belongs to the bundle ${form.bundle.id}: HAProxy runs in a container, and its files there are not the controller's`,
        remedy: 'Bundles are not supported.',
      };
    case 'tag':
    case 'template':
      return {
        evidence: `${id} is a ${form.kind}, not a resource`,
        remedy: `Set haproxy.resource to the primitive that is HAProxy${oneOf(form.ids)}.`,
      };
    case 'unknown':
      return {
        evidence: `Pacemaker has no resource ${id}`,
        remedy: 'Correct haproxy.resource: crm_resource --list lists the names.',
      };
  }
}

/** The members whose agent is HAProxy's, or all if none is. */
function haproxies(members: readonly Resource[]): string[] {
  const named = members.filter(({ agent }) => agent.toLowerCase().includes('haproxy'));
  return (named.length > 0 ? named : members).map(({ id }) => id);
}

function oneOf(ids: readonly string[]): string {
  return ids.length === 0 ? '' : `: ${ids.join(' or ')}`;
}
