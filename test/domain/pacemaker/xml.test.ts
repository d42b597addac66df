import { all, child, parseXml } from '../../../domain/pacemaker/xml';
import { expectToTakeLess } from '../cpu-time';

test('elements with their attributes and children, in their order', () => {
  const root = parseXml(`<?xml version="1.0"?>
    <!-- a comment with <tags> -->
    <cib epoch="7" empty=''>
      <node name="a"/><other /><node name = 'b' >text &lt; <![CDATA[ <node name="no"/> ]]></node >
    </cib>\n`);

  expect(root.name).toBe('cib');
  expect({ ...root.attributes }).toEqual({ epoch: '7', empty: '' });
  expect(all(root, 'node').map(({ attributes }) => attributes['name'])).toEqual(['a', 'b']);
  expect(all(root, 'other', 'node').map(({ name }) => name)).toEqual(['node', 'other', 'node']);
  expect(child(root, 'node')?.attributes['name']).toBe('a');
  expect(child(root, 'nothing')).toBeUndefined();
  expect(all(undefined, 'node')).toEqual([]);
});

test('an attribute and a child of one name do not meet, and no name is special', () => {
  const root = parseXml('<r node="x" __proto__="p" constructor="c"><node id="1"/><__proto__ id="2"/></r>');

  expect(root.attributes['node']).toBe('x');
  expect(root.attributes['__proto__']).toBe('p');
  expect(all(root, 'node', '__proto__').map(({ attributes }) => attributes['id'])).toEqual(['1', '2']);
});

test('entities that XML has', () => {
  const { attributes } = parseXml('<r a="&lt;&gt;&amp;&quot;&apos;" b="&#65;&#x1F600;" c="a > b"/>');

  expect({ ...attributes }).toEqual({ a: '<>&"\'', b: 'A😀', c: 'a > b' });
});

/** Each is what a broken or hostile program could print. */
const REFUSED: readonly [name: string, text: string, why: RegExp][] = [
  ['nothing', '', /no element/],
  ['blanks', ' \n ', /no element/],
  ['words', 'crm_mon: not found', /outside the root/],
  ['words after the end', '<r/>\nsh: done', /outside the root/],
  ['two roots', '<r/><r/>', /second root/],
  ['a cut-off text', '<r><a/>', /too early/],
  ['a cut-off tag', '<r><a b="c"', /broken or cut off/],
  ['a cut-off value', '<r><a b="c', /broken or cut off/],
  ['a cut-off comment', '<r><!-- ', /too early/],
  ['a wrong end tag', '<r><a></r></a>', /does not match/],
  ['an end tag alone', '</r>', /does not match/],
  ['an attribute without quotes', '<r a=b/>', /broken/],
  ['an attribute twice', '<r a="1" a="2"/>', /second a/],
  ['a < in a value', '<r a="<"/>', /broken/],
  ['an unknown entity', '<r a="&nbsp;"/>', /entity/],
  ['a bare ampersand', '<r a="a & b"/>', /entity/],
  ['a character that is none', '<r a="&#0;"/>', /entity/],
  ['half a character', '<r a="&#xD800;"/>', /entity/],
  ['a character beyond all', '<r a="&#x110000;"/>', /entity/],
  [
    'a billion laughs',
    '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><r>&c;</r>',
    /document type/,
  ],
  ['an outside entity', '<!DOCTYPE r SYSTEM "file:///etc/shadow"><r/>', /document type/],
  ['bytes that are not UTF-8', Buffer.from('<r a="\xff\xfe"/>', 'latin1').toString('utf8'), /UTF-8/],
  ['a control character', '<r a="\u0007"/>', /control characters/],
];

test.each(REFUSED)('%s is refused', (_, text, why) => {
  const parse = () => parseXml(text);

  expect(parse).toThrow(expect.objectContaining({ name: 'XmlRefused' }) as Error);
  expect(parse).toThrow(why);
});

const repeat = (text: string, characters: number) => text.repeat(Math.ceil(characters / text.length));
const LIMIT = 2_490_000;

test.each([
  ['32 MB of resources', `<r>${repeat('<resource id="p_haproxy" role="Started"/>', 32_000_000)}</r>`],
  ['elements in each other', repeat('<a>', LIMIT)],
  ['small elements', `<r>${repeat('<a/>', LIMIT)}</r>`],
  ['elements of different names', `<r>${Array.from({ length: 200_000 }, (__, i) => `<t${i}/>`).join('')}</r>`],
  ['attributes of different names', `<r ${Array.from({ length: 200_000 }, (__, i) => `t${i}=""`).join(' ')}/>`],
  ['entities', `<r a="${repeat('&amp;', LIMIT)}"/>`],
  ['ampersands', `<r a="${repeat('&', LIMIT)}"/>`],
  ['opening brackets', repeat('<', LIMIT)],
  ['blanks in a tag', `<r${repeat(' ', LIMIT)}!`],
  ['one long name', `<r ${repeat('b', LIMIT)}/>`],
  ['comments without an end', `<r>${repeat('<!--', LIMIT)}`],
  ['end tags', `<r>${repeat('</a>', LIMIT)}`],
])('a flood of %s is refused at once', (_, text) => {
  const refused = () => {
    expect(() => parseXml(text)).toThrow(expect.objectContaining({ name: 'XmlRefused' }) as Error);
  };

  expectToTakeLess(400, refused);
});

test('a CIB larger than any of pacemaker itself is read', () => {
  const one = '<nvpair id="status-1-fail-count-p_haproxy" name="fail-count-p_haproxy" value="1"/>\n';

  const root = parseXml(`<cib>${repeat(one, 1_600_000)}</cib>`);

  expect(root.children.length).toBeGreaterThan(19_000);
});
