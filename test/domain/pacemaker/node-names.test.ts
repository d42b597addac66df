import { mayRunOn } from '../../../domain/pacemaker/location';
import { matchNodes, runsElsewhere, unlikeNames } from '../../../domain/pacemaker/node-names';
import { cibOf, resourceIn, statusOf } from './cibs';

const CONTROLLERS = ['node-1', 'node-2', 'node-3'];

describe('controllers are found among the nodes', () => {
  test.each<[string, string[], string[], string[]]>([
    ['by the same names', CONTROLLERS, CONTROLLERS, []],
    ['in another order and with others', ['node-9', 'node-3', 'node-1', 'node-2'], CONTROLLERS, ['node-9']],
    ['by full names, as Fuel has them', CONTROLLERS.map((name) => `${name}.domain.tld`), CONTROLLERS, []],
    ['by short names', CONTROLLERS, CONTROLLERS.map((name) => `${name}.domain.tld`), []],
    ['in any case', ['NODE-1', 'Node-2', 'node-3'], CONTROLLERS, []],
    ['the exact one of two that are alike', ['ctl', 'ctl.a'], ['ctl'], ['ctl.a']],
  ])('%s', (_, nodes, controllers, others) => {
    const names = matchNodes(nodes, controllers);

    expect([...names.nodeOf.keys()]).toEqual(controllers);
    expect(names).toMatchObject({ missing: [], others });
    expect(unlikeNames(names)).toBeUndefined();
  });

  test('each by its own name', () => {
    const { nodeOf } = matchNodes(['b.site', 'a.site'], ['a', 'b']);

    expect([...nodeOf]).toEqual([
      ['a', 'a.site'],
      ['b', 'b.site'],
    ]);
  });
});

describe('controllers are not found', () => {
  test.each<[string, string[], string[], string[], string[]]>([
    ['under entirely other names', ['ctl-a', 'ctl-b'], ['node-1', 'node-2'], ['node-1', 'node-2'], ['ctl-a', 'ctl-b']],
    ['if two nodes are alike', ['ctl.a', 'ctl.b'], ['ctl'], ['ctl'], ['ctl.a', 'ctl.b']],
    ['if two controllers would be one node', ['ctl'], ['ctl.a', 'ctl.b'], ['ctl.a', 'ctl.b'], ['ctl']],
    ['by a name that only begins alike', ['node-10'], ['node-1'], ['node-1'], ['node-10']],
  ])('%s', (_, nodes, controllers, missing, others) => {
    const names = matchNodes(nodes, controllers);

    expect(names).toMatchObject({ missing, others });
    expect(unlikeNames(names)?.evidence).toContain(missing.join(' or '));
    expect(unlikeNames(names)?.evidence).toContain(others.join(', '));
  });

  test('and there are no other nodes', () => {
    expect(unlikeNames(matchNodes(['a'], ['a', 'b']))).toEqual({
      evidence: 'Pacemaker has no node called b; it has no other nodes',
      remedy: "Write pacemaker's names in controllers[].name, as crm_node -l prints them.",
    });
  });
});

describe('nodes that the document does not name', () => {
  const names = matchNodes(CONTROLLERS, ['node-1']);

  test('on which HAProxy runs', () => {
    expect(runsElsewhere(statusOf('1.1.12', 'standby'), names)).toEqual(['node-3']);
    expect(runsElsewhere(statusOf('1.1.12', 'disabled'), names)).toEqual([]);
  });

  test('on which it may run, also while it is disabled', () => {
    const cib = cibOf('disabled');

    expect(mayRunOn(cib, resourceIn(cib))).toEqual(CONTROLLERS);
    expect(mayRunOn(cibOf('ban'), resourceIn(cibOf('ban')))).toEqual(['node-1', 'node-2']);
  });
});
