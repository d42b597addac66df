import { everywhere } from '../../../domain/commands/everywhere';
import { MagnumHaError } from '../../../domain/errors';
import { controllerUnreachable } from '../../../domain/ssh/failures';
import { ControllerUnreachable } from '../../../domain/ssh/errors';
import { virtualClock } from '../../../local/virtual-clock';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

/** The site's nodes, and a clock that passes by itself. */
async function nodes() {
  const clock = virtualClock();
  const { connection } = await fakeConnection(site('golden'), {}, { clock });
  return { nodes: connection.nodes, clock };
}

test('what comes of it is in the order of the nodes, whoever is first', async () => {
  const { nodes: all, clock } = await nodes();
  const delays: Record<string, number> = { 'node-1': 300, 'node-2': 100, 'node-3': 200 };

  const names = await clock.drive(everywhere(all, ({ name }) => clock.sleep(delays[name] ?? 0).then(() => name)));

  expect(names).toEqual(['node-1', 'node-2', 'node-3']);
});

test('it is done side by side', async () => {
  const { nodes: all, clock } = await nodes();
  const began = clock.now();

  await clock.drive(everywhere(all, () => clock.sleep(1000)));

  expect(clock.now() - began).toBe(1000);
});

test('nothing is left behind that still runs: the others are waited for if one fails', async () => {
  const { nodes: all, clock } = await nodes();
  const ended: string[] = [];

  const failed = everywhere(all, async ({ name }) => {
    if (name === 'node-1') throw new Error('injected');
    await clock.sleep(1000);
    ended.push(name);
  });

  await expect(clock.drive(failed)).rejects.toThrow('injected');
  expect(ended).toEqual(['node-2', 'node-3']);
});

test('one that fails gives its error as it is', async () => {
  const { nodes: all } = await nodes();
  const error = new ControllerUnreachable('The controller node-2 is gone.');

  const failed = everywhere(all, ({ name }) => (name === 'node-2' ? Promise.reject(error) : Promise.resolve()));

  await expect(failed).rejects.toBe(error);
  expect(error.message).toBe('The controller node-2 is gone.');
});

test("of several that fail, the first one's error has the others' messages", async () => {
  const { nodes: all } = await nodes();

  const failed = everywhere(all, ({ name }) => Promise.reject(new ControllerUnreachable(`No ${name}.`)));

  await expect(failed).rejects.toBeInstanceOf(MagnumHaError);
  await expect(failed).rejects.toMatchObject({
    name: 'ControllerUnreachable',
    message: 'No node-1. No node-2. No node-3.',
  });
});

test('what several say alike is said once: with their names, or for all', async () => {
  const { nodes: all } = await nodes();
  const fail = (except: string) =>
    everywhere(all, ({ name, site: its, controller }) =>
      name === except ? Promise.resolve() : Promise.reject(controllerUnreachable(its, controller, 'No route to host')),
    );
  const said = 'The controller cannot be reached through the bastion: No route to host. Check';

  await expect(fail('')).rejects.toThrow(`All 3 controllers of site golden: ${said}`);
  await expect(fail('node-2')).rejects.toThrow(`node-1, node-3 of site golden: ${said}`);
});

test('commands that failed alike, too', async () => {
  const { connection } = await fakeConnection(site('golden'), { answer: () => ({ exitCode: 2, stderr: 'No space' }) });

  const failed = everywhere(connection.nodes, (node) => node.run(node.commands.date));

  await expect(failed).rejects.toThrow(/^All 3 controllers of site golden: `date \+%s` on the controller failed with/);
});

test('what is thrown and is no error becomes one', async () => {
  const { nodes: all } = await nodes();

  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  const failed = everywhere(all, () => Promise.reject('gone'));

  await expect(failed).rejects.toThrow('All 3 controllers of site golden: gone');
});
