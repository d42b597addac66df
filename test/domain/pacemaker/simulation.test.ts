import { parseCib } from '../../../domain/pacemaker/cib';
import { disabledBy } from '../../../domain/pacemaker/causes';
import { downWithHaproxy } from '../../../domain/pacemaker/blast-radius';
import { downWith, parseSimulation, withDisabled } from '../../../domain/pacemaker/simulation';
import { cibOf, cibText, NOW, resourceIn } from './cibs';

/** The end of what crm_simulate --run --xml-pipe of these releases printed for cib/healthy.xml with HAProxy disabled. */
const PRINTED = {
  '1.1.12':
    'Transition Summary:\n * Stop    vip__management\t(node-1)\n * Stop    p_haproxy:0\t(node-1)\n * Stop    p_haproxy:1\t(node-2)\n * Stop    p_haproxy:2\t(node-3)\n',
  '2.0.5':
    'Transition Summary:\n * Stop       vip__management     ( node-1 )   due to node availability\n * Stop       p_haproxy:0         ( node-1 )   due to node availability\n * Stop       p_haproxy:1         ( node-2 )   due to node availability\n * Stop       p_haproxy:2         ( node-3 )   due to node availability\n',
  '2.1.5':
    'Transition Summary:\n  * Stop       vip__management     ( node-1 )  due to node availability\n  * Stop       p_haproxy:0         ( node-1 )  due to node availability\n  * Stop       p_haproxy:1         ( node-2 )  due to node availability\n  * Stop       p_haproxy:2         ( node-3 )  due to node availability\n',
};
const BEFORE = `3 of 4 resource instances DISABLED and 0 BLOCKED from further action due to failure

Current cluster status:
  * Full List of Resources:
    * vip__management	(ocf:fuel:ns_IPaddr2):	 Started node-1
    * Clone Set: clone_p_haproxy [p_haproxy]:
      * Started: [ node-1 node-2 node-3 ]

`;
const NOTHING = `${BEFORE}Transition Summary:\n`;

test.each(Object.entries(PRINTED))('a summary of crm_simulate %s', (_, summary) => {
  const { stopped, interrupted } = parseSimulation(BEFORE + summary, 'controller node-1');

  expect([...stopped]).toEqual(['vip__management', 'p_haproxy']);
  expect([...interrupted]).toEqual([]);
});

test('other actions, and those that pacemaker cannot do: lines of its own regression tests', () => {
  const { stopped, interrupted } = parseSimulation(
    `Transition Summary:
  * Fence (off) sles-2 'peer is no longer part of the cluster'
  * Move       vm            ( f20node1 -> f20node2 )  due to unrunnable myclone-clone stop
  * Restart    rsc2          (            node2 )  due to required rsc1 start
 * Recover base:1	(Slave node2)
  * Migrate    migrator      ( node1 -> node2 )
  * Demote     rabbitmq:0    ( Promoted -> Unpromoted ops )
  * Start      rsc3          ( node1 )
 * Stop    dummy01	(Started bl460g6a - blocked)
  * Stop       dummy02       ( node1 ) blocked
 * Stop       B       ( 18node2 )   due to unrunnable A start

Executing Cluster Transition:
  * Resource action: late            stop on node1
`,
    'controller node-1',
  );

  expect([...stopped]).toEqual(['B']);
  expect([...interrupted]).toEqual(['vm', 'rsc2', 'base', 'migrator', 'rabbitmq']);
});

test('what goes down is what would not go down anyway', () => {
  const of = (summary: string) => parseSimulation(`Transition Summary:\n${summary}`, 'controller node-1');
  const disabled = of(' * Stop a (n)\n * Stop p_haproxy:0 (n)\n * Stop b (n)\n * Move c (n -> m)\n');

  expect(downWith('p_haproxy', disabled, of(''))).toEqual(['a', 'b', 'c']);
  expect(downWith('p_haproxy', disabled, of(' * Stop b (n)\n * Restart c (n)\n'))).toEqual(['a']);
});

test.each(['', 'crm_simulate: command not found', 'unable to parse the CIB'])('%j is no summary', (text) => {
  const parse = () => parseSimulation(text, 'controller node-2 of site golden');

  expect(parse).toThrow(expect.objectContaining({ name: 'PacemakerUnavailable' }) as Error);
  expect(parse).toThrow('controller node-2 of site golden');
});

describe('the CIB with HAProxy disabled', () => {
  test.each<[string, string]>([
    ['as it is', cibText('healthy')],
    [
      'without anything in the primitive',
      cibText('healthy').replace(/(<primitive id="p_haproxy"[^>]*)>[\s\S]*?<\/primitive>/, '$1/>'),
    ],
    [
      'with the ID behind other attributes',
      cibText('healthy').replace('id="p_haproxy" class="ocf"', 'class="ocf" id="p_haproxy"'),
    ],
    [
      'with a target role of its own',
      cibText('healthy').replace(
        'type="ns_haproxy">',
        'type="ns_haproxy"><meta_attributes id="m" score="5"><nvpair id="m-t" name="target-role" value="Started"/></meta_attributes>',
      ),
    ],
  ])('%s', (_, text) => {
    const cib = parseCib(withDisabled(text, 'p_haproxy'), NOW, 'controller node-1');

    expect(disabledBy(cib, resourceIn(cib))).toEqual({ by: 'target-role', at: 'p_haproxy', ruled: false });
    expect(cib.resources.size).toBe(parseCib(text, NOW, 'controller node-1').resources.size);
  });

  test('not if there is no such primitive', () => {
    expect(() => withDisabled(cibText('healthy'), 'haproxy')).toThrow('no primitive haproxy');
  });
});

describe('what is told to go down with HAProxy', () => {
  const cib = cibOf('healthy');
  const haproxy = resourceIn(cib);

  test('by crm_simulate, if the site has it', () => {
    const simulations = { disabled: BEFORE + PRINTED['2.1.5'], anyway: NOTHING };

    const down = downWithHaproxy(cib, haproxy, new Set(), simulations, 'controller node-1');

    expect(down).toEqual({ resources: ['vip__management'], readBy: 'crm_simulate' });
  });

  test('by our own reading otherwise, of what runs', () => {
    const of = (...running: string[]) =>
      downWithHaproxy(cib, haproxy, new Set(running), undefined, 'controller node-1');

    expect(of('vip__management', 'p_haproxy')).toEqual({ resources: ['vip__management'], readBy: 'ourselves' });
    expect(of('p_haproxy').resources).toEqual([]);
  });
});
