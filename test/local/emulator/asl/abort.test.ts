import { inside, orAborted, withLimit } from '../../../../local/emulator/asl/abort';
import { virtualClock } from '../../../../local/virtual-clock';

const never = new AbortController().signal;
const hanging = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      reject(signal.reason as Error);
    });
  });

describe('a signal inside another', () => {
  it('is aborted with it, or before it and alone', () => {
    const outer = new AbortController();
    const [first, second] = [inside(outer.signal), inside(outer.signal, () => 'mine')];

    first.abort('early');
    outer.abort('late');

    expect([first.signal.reason, second.signal.reason]).toEqual(['early', 'mine']);
    expect(inside(outer.signal).signal.reason).toBe('late');
  });

  it('does not follow any more when it was released', () => {
    const outer = new AbortController();
    const inner = inside(outer.signal);

    inner.release();
    outer.abort();

    expect(inner.signal.aborted).toBe(false);
  });
});

describe('a limit', () => {
  it('aborts the work when it has passed', async () => {
    const clock = virtualClock();

    const limited = clock.drive(withLimit(clock, 5, () => new Error('late'), never, hanging));

    await expect(limited).rejects.toThrow('late');
  });

  it('leaves no timer behind work that is done, or stopped from outside', async () => {
    const clock = virtualClock();
    const outer = new AbortController();
    const stopped = withLimit(clock, 5, () => new Error('late'), outer.signal, hanging);

    outer.abort(new Error('stopped'));

    await expect(
      withLimit(
        clock,
        5,
        () => 'late',
        never,
        () => Promise.resolve(1),
      ),
    ).resolves.toBe(1);
    await expect(stopped).rejects.toThrow('stopped');
    expect(clock.pending).toBe(0);
  });
});

describe('work or an abort', () => {
  it.each([
    ['the work', Promise.resolve('done'), never, 'done'],
    ['an abort before', new Promise(() => undefined), AbortSignal.abort(new Error('stopped')), 'stopped'],
  ])('is %s', async (_, work, signal, expected) => {
    const settled = await orAborted(work, signal).catch((error: unknown) => (error as Error).message);

    expect(settled).toBe(expected);
  });
});
