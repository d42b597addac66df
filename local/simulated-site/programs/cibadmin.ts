import {
  byXPath,
  childrenOf,
  CibError,
  create,
  type Element,
  element,
  MONITOR_MS,
  modify,
  parse,
  print,
  remove,
  removeElement,
  replace,
} from '../cib';
import { since } from '../generations';
import type { ClusterNode, ClusterView, Pacemaker } from '../pacemaker';
import { type Options, readOptions } from './options';
import { failure, type Outcome, type Program } from './program';

const OPTIONS = {
  query: ['Q', false],
  create: ['C', false],
  modify: ['M', false],
  replace: ['R', false],
  delete: ['D', false],
  'allow-create': ['c', false],
  scope: ['o', true],
  'xml-text': ['X', true],
  'xml-pipe': ['p', false],
  xpath: ['A', true],
} as const;
const COMMANDS = ['query', 'create', 'modify', 'replace', 'delete'] as const;

/** cibadmin -Q|-C|-M [-c]|-R|-D [-o SECTION] [-X XML | -p | --xpath XPATH]; texts and exit codes are those of 2.1.5. */
export const cibadmin: Program = async ({ arguments: given, controller, pacemaker, timings, who, ...invocation }) => {
  const options = readOptions(given, OPTIONS);
  const command = typeof options === 'string' ? undefined : COMMANDS.find((one) => options.has(one));
  if (typeof options === 'string') return failure(`cibadmin: unrecognized option '${options}'`, 64);
  if (command === undefined) return failure('cibadmin - query and edit the Pacemaker configuration', 64);
  const text = options.has('xml-pipe') ? await invocation.stdin() : options.get('xml-text');
  await invocation.sleep(command === 'query' ? timings.crmMon : timings.cibadmin);
  const view = who.user === 'root' ? pacemaker.view(controller.name) : undefined;
  if (!view) {
    const isNew = since(pacemaker.generation.pacemaker.version, '2.0.0');
    const reason = `${isNew ? 'Could not connect to the CIB' : 'Signon to CIB failed'}: Transport endpoint is not connected`;
    return failure(`${reason}\nInit failed, could not perform requested operations`, isNew ? 102 : 107);
  }
  const xml = typeof text === 'string' ? parse(text) : undefined;
  if (typeof text === 'string' && !xml) return failure("Couldn't parse input from input string.", 78);
  const xpath = options.get('xpath');
  try {
    if (command === 'query') return query(pacemaker, view, options);
    const changed = pacemaker.change(controller.name, (cib) =>
      cib.change((configuration) => {
        const section = sectionOf(configuration, options);
        if (typeof xpath === 'string' && command === 'delete') {
          for (const one of found(section, xpath)) removeElement(configuration, one);
        } else if (!xml) throw new CibError('Invalid argument', 70);
        else if (command === 'create') create(section, xml);
        else if (command === 'modify') modify(section, xml, options.has('allow-create'));
        else if (command === 'replace') replace(section, xml);
        else remove(section, xml);
      }),
    );
    return { exit: 0, changed };
  } catch (error) {
    if (!(error instanceof CibError)) throw error;
    return { ...failure(`Call cib_${command} failed: ${error.message}`, error.exit), stdout: error.output };
  }
};

function query(pacemaker: Pacemaker, view: ClusterView, options: Options): Outcome {
  const { root } = view.cib;
  const xpath = options.get('xpath');
  if (typeof xpath === 'string') {
    const elements = found(root, xpath);
    if (elements.length === 0) throw new CibError('No such device or address', 105);
    return { exit: 0, stdout: elements.map((one) => print(one)).join('') };
  }
  const section = sectionOf(root, options);
  return { exit: 0, stdout: print(section === root ? whole(pacemaker, view) : section) };
}

/** The CIB with its head; of its status what tells of failures. */
function whole({ resource, generation }: Pacemaker, { cib, quorum, members }: ClusterView): Element {
  const { version, featureSet } = generation.pacemaker;
  const head = {
    crm_feature_set: featureSet,
    'validate-with': since(featureSet, '3.1') ? 'pacemaker-3.9' : 'pacemaker-2.0',
    epoch: String(cib.epoch),
    num_updates: '0',
    admin_epoch: '0',
    'have-quorum': quorum ? '1' : '0',
    'dc-uuid': String(members[0]?.id ?? ''),
  };
  // The operation is part of the name from 1.1.17 on.
  const named = (task: string) =>
    since(version, '1.1.17') ? `${resource}#${task}_${task === 'monitor' ? MONITOR_MS : 0}` : resource;
  const states = members.map((node) => nodeState(node, featureSet, named));
  return element('cib', head, [cib.root, element('status', {}, states)]);
}

function nodeState(
  { id, name: uname, failure: failed }: ClusterNode,
  featureSet: string,
  named: (task: string) => string,
): Element {
  const attributes = {
    '#feature-set': featureSet,
    ...(failed && {
      [`fail-count-${named(failed.task)}`]: failed.count === Infinity ? 'INFINITY' : String(failed.count),
      [`last-failure-${named(failed.task)}`]: String(Math.floor(failed.at / 1000)),
    }),
  };
  const set = `status-${id}`;
  return element(
    'node_state',
    { id: String(id), uname, in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' },
    [
      element('transient_attributes', { id: String(id) }, [
        element(
          'instance_attributes',
          { id: set },
          Object.entries(attributes).map(([name, value]) =>
            element('nvpair', { id: `${set}-${name.replace('#', '.')}`, name, value }),
          ),
        ),
      ]),
    ],
  );
}

/** An unknown section is the whole. */
function sectionOf(configuration: Element, options: Options): Element {
  return childrenOf(configuration, String(options.get('scope')))[0] ?? configuration;
}

/** @throws CibError */
function found(section: Element, xpath: string): Element[] {
  const elements = byXPath(section, xpath);
  if (!elements) throw new CibError(`the simulated cibadmin does not know the XPath ${xpath}`, 70);
  return elements;
}
