import { runWired } from '../../domain/wire';
import { fakeWorld } from './fakes';

test('an invocation without an input does nothing but wake the function', async () => {
  const run = jest.fn();

  const answer = await runWired<'preflight', ReturnType<typeof fakeWorld>>(run, null, fakeWorld());

  expect(answer).toBeNull();
  expect(run).not.toHaveBeenCalled();
});
