import type { ControllerState, FileState } from '../../../domain/controller/inspect';
import { linesOf, onceEach } from '../../../domain/controller/same-differences';

const CONF = '/etc/magnum/magnum.conf';
const OWN = new Map(['a', 'b', 'c'].map((name, index) => [name, { address: `10.0.0.${index + 1}` }]));

const state = (name: string, diff: readonly string[], kind: FileState['state'] = 'differs'): ControllerState => ({
  name,
  files: [{ path: CONF, state: kind, diff }],
  ...({ firewall: 'same', stale: [], haproxy: 'current', verdicts: [] } as const),
});
const told = (states: readonly ControllerState[]) =>
  onceEach(states, OWN).map(({ files: [file] }) => file?.sameAs ?? file?.diff);

test('a difference that several have is there once, whatever is a controller’s own', () => {
  const states = [...OWN].map(([name, { address }]) =>
    state(name, [`[DEFAULT] host: x → ${name}`, `[api] host: y → ${address}`]),
  );

  expect(told(states)).toEqual([
    ["[DEFAULT] host: x → (the controller's name)", "[api] host: y → (the controller's address)"],
    'a',
    'a',
  ]);
});

test('where in the file it stands does not count; what kind it is, and every line, does', () => {
  expect(told([state('a', ['@@ -1 @@', '+x']), state('b', ['@@ -9 @@', '+x'])])).toEqual([['@@ -1 @@', '+x'], 'a']);
  expect(told([state('a', ['+x']), state('b', ['+x'], 'absent'), state('c', ['+x', '+y'])])).toEqual([
    ['+x'],
    ['+x'],
    ['+x', '+y'],
  ]);
});

test('what does not differ is the same as nothing', () => {
  expect(told([state('a', [], 'same'), state('b', [], 'same')])).toEqual([[], []]);
});

test('each of many that differ in its own way is cut, and says so', () => {
  const own = (name: string) =>
    state(
      name,
      Array.from({ length: 3000 }, (_, index) => `+${name} ${index} ${'x'.repeat(30)}`),
    );

  const [one] = told(['a', 'b', 'c'].map(own));

  expect(one?.length).toBeLessThan(1000);
  expect(one?.at(-1)).toMatch(/^… \d+ more lines$/);
});

test('the lines of one that is the same are found where they are', () => {
  const controllers = onceEach([state('a', ['+x']), state('b', ['+x'])], OWN);
  const file = controllers[1]?.files[0];

  expect(file && linesOf(file, controllers)).toEqual(['+x']);
});
