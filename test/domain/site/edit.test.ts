import { parse, stringify } from 'yaml';
import { withValues } from '../../../domain/site/edit';
import { shipped } from './documents';

const KEY = `ssh-ed25519 ${'A'.repeat(68)}`;
const set = (text: string, ...paths: (string | number)[][]) =>
  withValues(text, new Map(paths.map((path) => [path, KEY])));
const HOST_KEY = ['controllers', 1, 'hostKey'];
const data = (text: string) => parse(text) as { bastion: object; controllers: object[] };

test.each([
  ['JSON', shipped('golden')],
  ['JSON on one line', JSON.stringify(JSON.parse(shipped('golden')))],
  ['YAML', `# ours\n${stringify(JSON.parse(shipped('golden')), { lineWidth: 0 })}`],
])('a value in %s is replaced, and nothing else', (_, text) => {
  const edited = set(text, HOST_KEY, ['bastion', 'hostKey']);

  const wanted = data(text);
  Object.assign(wanted.bastion, { hostKey: KEY });
  Object.assign(wanted.controllers[1] ?? {}, { hostKey: KEY });
  expect(data(edited)).toEqual(wanted);
  expect(edited.split('\n')).toHaveLength(text.split('\n').length);
});

test.each([
  ['JSON', '{\n  "controllers": [\n    {\n      "name": "a"\n    },\n    {\n      "name": "b"\n    }\n  ]\n}\n'],
  ['JSON on one line', '{"controllers": [{"name": "a"}, {"name": "b"}]}'],
  ['YAML', 'controllers:\n  - name: a\n  - name: b # the second\n    address: 10.0.0.2\n# end\n'],
  ['YAML whose last value is quoted', 'controllers:\n- name: a\n- address: 10.0.0.2\n  name: "b"\n'],
  ['YAML with lists in brackets', 'controllers: [{name: a}, {name: b}]\n'],
])('a field that is missing in %s is added behind the others', (_, text) => {
  const edited = set(text, HOST_KEY);

  expect(data(edited).controllers[1]).toEqual({ ...data(text).controllers[1], hostKey: KEY });
  expect(data(edited).controllers[0]).toEqual({ name: 'a' });
});

test('comments and layout stay', () => {
  const text = 'controllers:\n  - name: a\n\n  - name: b # the second\n    address: 10.0.0.2   # ours\n# end\n';

  expect(set(text, HOST_KEY)).toBe(
    `controllers:\n  - name: a\n\n  - name: b # the second\n    address: 10.0.0.2\n    hostKey: ${KEY}   # ours\n# end\n`,
  );
});

test('an empty value is filled', () => {
  expect(data(set('controllers: [{}, {name: b, hostKey: ""}]', HOST_KEY)).controllers[1]).toEqual({
    name: 'b',
    hostKey: KEY,
  });
  expect(data(set('controllers:\n  - name: a\n  - name: b\n    hostKey:\n', HOST_KEY)).controllers[1]).toEqual({
    name: 'b',
    hostKey: KEY,
  });
});
