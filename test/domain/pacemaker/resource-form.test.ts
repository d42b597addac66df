import { type Cib } from '../../../domain/pacemaker/cib';
import { isSupported, resourceForm, whyUnsupported } from '../../../domain/pacemaker/resource-form';
import { cibOf, cibWith, primitive } from './cibs';

const haproxy = '<primitive id="p_haproxy" class="ocf" provider="fuel" type="ns_haproxy"/>';

describe('supported', () => {
  test.each<[string, Cib, string, object]>([
    [
      'a clone, by its primitive',
      cibOf('healthy'),
      'p_haproxy',
      { kind: 'clone', primitive: { id: 'p_haproxy' }, clone: { id: 'clone_p_haproxy' } },
    ],
    [
      'a clone, by its own name',
      cibOf('healthy'),
      'clone_p_haproxy',
      { kind: 'clone', primitive: { id: 'p_haproxy' }, clone: { id: 'clone_p_haproxy' } },
    ],
    [
      'a member of a cloned group',
      cibOf('cloned-group'),
      'p_haproxy',
      { kind: 'cloned-group', primitive: { id: 'p_haproxy' }, group: { id: 'g_lb' }, clone: { id: 'clone_g_lb' } },
    ],
    [
      'a promotable clone of pacemaker 1.1',
      cibWith({ resources: `<master id="m">${haproxy}</master>` }),
      'm',
      { kind: 'clone', primitive: { id: 'p_haproxy' }, clone: { id: 'm', promotable: true } },
    ],
  ])('%s', (_, cib, id, expected) => {
    const form = resourceForm(cib, id);

    expect(form).toMatchObject(expected);
    expect(isSupported(form)).toBe(true);
  });
});

describe('refused, by name', () => {
  test.each<[string, Cib, string, string]>([
    [
      'a primitive',
      cibWith({ resources: haproxy }),
      'p_haproxy',
      'p_haproxy is a primitive without a clone, so HAProxy runs on one controller at a time. It must run on every controller: make a clone of p_haproxy.',
    ],
    [
      'a member of a group',
      cibOf('group'),
      'p_haproxy',
      'p_haproxy is a member of the group g_lb, so HAProxy runs on one controller at a time. It must run on every controller: make a clone of the group, or of p_haproxy alone.',
    ],
    [
      'a group',
      cibOf('group'),
      'g_lb',
      'g_lb is a group, or a clone of one. Set haproxy.resource to the member that is HAProxy: p_haproxy.',
    ],
    [
      'a clone of a group',
      cibOf('cloned-group'),
      'clone_g_lb',
      'clone_g_lb is a group, or a clone of one. Set haproxy.resource to the member that is HAProxy: p_haproxy.',
    ],
    [
      'a clone of a group with one member',
      cibWith({ resources: `<clone id="c"><group id="g">${haproxy}</group></clone>` }),
      'c',
      'c is a group, or a clone of one. Set haproxy.resource to the member that is HAProxy: p_haproxy.',
    ],
    [
      'a group without HAProxy',
      cibWith({ resources: `<group id="g">${primitive('a')}${primitive('b')}</group>` }),
      'g',
      'g is a group, or a clone of one. Set haproxy.resource to the member that is HAProxy: a or b.',
    ],
    [
      'a bundle',
      cibWith({ resources: `<bundle id="lb-bundle"><docker image="lb"/>${haproxy}</bundle>` }),
      'p_haproxy',
      "p_haproxy belongs to the bundle lb-bundle: HAProxy runs in a container, and its files there are not the controller's. Bundles are not supported.",
    ],
    [
      'a tag',
      cibWith({ resources: haproxy, tags: '<tag id="lb"><obj_ref id="p_haproxy"/><obj_ref id="gone"/></tag>' }),
      'lb',
      'lb is a tag, not a resource. Set haproxy.resource to the primitive that is HAProxy: p_haproxy.',
    ],
    [
      'a template',
      cibWith({
        resources:
          '<template id="t" class="systemd" type="haproxy"/><clone id="c"><primitive id="p" template="t"/></clone>',
      }),
      't',
      't is a template, not a resource. Set haproxy.resource to the primitive that is HAProxy: p.',
    ],
    [
      'another name',
      cibOf('healthy'),
      'haproxy',
      'Pacemaker has no resource haproxy. Correct haproxy.resource: crm_resource --list lists the names.',
    ],
  ])('%s', (_, cib, id, expected) => {
    const form = resourceForm(cib, id);

    const { evidence, remedy } = isSupported(form) ? { evidence: '', remedy: '' } : whyUnsupported(form, id);
    expect(`${evidence}. ${remedy}`).toBe(expected);
  });
});
