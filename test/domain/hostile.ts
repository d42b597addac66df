import fc from 'fast-check';
import { detailOf } from '../../domain/openstack/errors';
import { parseListening } from '../../domain/commands/listening';
import { parseProcesses } from '../../domain/commands/process-list';
import { placesIn, reasonIn } from '../../domain/commands/reason';
import { describeFileChanges, describeOptionChanges, describeRuleChanges } from '../../domain/config/diff';
import { parseSections } from '../../domain/config/haproxy-sections';
import { parseListing } from '../../domain/config/firewall/table';
import { decideListing, decideRulesFile, editRules } from '../../domain/config/iptables';
import { editOslo, parseOslo } from '../../domain/config/oslo';
import { magnumOptions } from '../../domain/config/options';
import { MagnumHaError } from '../../domain/errors';
import { parseCib } from '../../domain/pacemaker/cib';
import { parseSimulation, withDisabled } from '../../domain/pacemaker/simulation';
import { parseClusterStatus } from '../../domain/pacemaker/status';
import { parseXml } from '../../domain/pacemaker/xml';
import { site } from './sites';

const golden = site('golden');
const { configFile, fragmentDirectory } = golden.haproxy;
const same = (text: string) => text;

/** Everything that reads what a controller, or a service behind it, has printed; with a piece of what it usually prints. */
export const READERS: Readonly<Record<string, readonly [usual: string, read: (text: string) => unknown]>> = {
  'an error of an OpenStack service': [
    '<html><head><title>502</title></head><body>Bad',
    (text) => detailOf({ json: undefined, text }),
  ],
  'ss -ltnp': ['LISTEN 0 128 [::]:80 *:* users:(("haproxy",pid=1,fd=3))\n', parseListening],
  ps: [
    '    1     0     0     0   100 Ss   /usr/sbin/haproxy -Ws -f /etc/haproxy.cfg\n',
    (text) => parseProcesses(text, 'node-1'),
  ],
  'an error of a program': ['Error: unable to get cib\n[ALERT] (1) : parsing [/etc/haproxy.cfg:3]', reasonIn],
  'places in an error': ['[ALERT] (1) : parsing [/etc/haproxy.cfg:3] : unknown keyword', placesIn],
  'magnum.conf': ['[DEFAULT]\nhost = a\n b\n', parseOslo],
  'magnum.conf, edited': [
    '[api]\nport=9511\n',
    (text) => editOslo(text, [{ section: 'api', option: 'port', value: '9511' }]),
  ],
  'options compared': [
    '[DEFAULT]\ntransport_url = rabbit://a:b@10.0.0.1:5672\n',
    (text) => describeOptionChanges(text, magnumOptions(golden, golden.controllers[0]), () => 'secret', same),
  ],
  'a fragment compared': [
    'listen magnum-api\n  bind 10.0.0.1:9511\n',
    (text) => describeFileChanges(text, 'listen a\n', same),
  ],
  'rules compared': [
    '-A INPUT -s 10.0.0.0/8 -j ACCEPT\n',
    (text) => describeRuleChanges(text, '*filter\nCOMMIT\n', same),
  ],
  'a rules file, edited': ['*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\nCOMMIT\n', (text) => editRules(text, golden)],
  'a rules file': ['*filter\n:INPUT DROP [0:0]\n-A INPUT -j x\nCOMMIT\n', (text) => decideRulesFile(text, golden)],
  'iptables -S': [
    '-P INPUT DROP\n-N a\n-A a -j a\n-A INPUT -j a\n',
    (text) => decideListing(parseListing(text.split('\n')), golden),
  ],
  "HAProxy's sections": [
    `${configFile}:listen a\n${configFile}:  bind :80\n`,
    (text) => parseSections(text, { configFile, fragmentDirectory }),
  ],
  XML: ['<a b="c">&lt;<!-- d --><e/></a>', parseXml],
  'crm_mon --as-xml': [
    '<crm_mon><summary/><nodes><node name="node-1"/></nodes>',
    (text) => parseClusterStatus(text, 'p_haproxy', 'node-1'),
  ],
  'cibadmin -Q': ['<cib><configuration><resources><clone id="c">', (text) => parseCib(text, 0, 'node-1')],
  'the CIB that is simulated': [
    '<cib><configuration><resources><primitive id="p_haproxy"/>',
    (text) => withDisabled(text, 'p_haproxy'),
  ],
  crm_simulate: ['Transition Summary:\n  * Stop p_haproxy:0 ( node-1 )\n', (text) => parseSimulation(text, 'node-1')],
};

/** Bytes of any kind as text, pieces of the usual, in any order, often repeated. */
function hostile(usual: string): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.constantFrom(...usual.split(/(?<=[\s<>"=[\]:/])/)),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString()),
    fc.constantFrom(
      '\u0000',
      '\u001b[31m',
      '\r',
      '\ufffd',
      '\ud800',
      '&#x41;',
      '&a;',
      '<!DOCTYPE a [<!ENTITY a "b">]>',
      '"',
      "'",
      '\\',
      '%',
      '{',
      '://',
    ),
    fc.constantFrom('-1', '99999999999999999999', 'NaN', '1e309', '__proto__', 'constructor', 'hasOwnProperty'),
  );
  const repeated = fc.tuple(piece, fc.integer({ min: 1, max: 200 })).map(([one, times]) => one.repeat(times));
  return fc
    .array(fc.oneof({ weight: 4, arbitrary: piece }, { weight: 1, arbitrary: repeated }), { maxLength: 40 })
    .map((all) => all.join(''));
}

/** Whatever is printed, a reader returns, or says what is wrong in an error of ours. @throws Error with what it was */
export function withstands(name: string, numRuns: number): void {
  const reader = READERS[name];
  if (!reader) throw new Error(`There is no reader ${name}`);
  const [usual, read] = reader;
  fc.assert(
    fc.property(hostile(usual), (text) => {
      try {
        read(text);
      } catch (error) {
        if (!(error instanceof MagnumHaError)) throw error;
      }
    }),
    { numRuns },
  );
}
