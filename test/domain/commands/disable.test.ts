import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { END_DISABLE, TIMER, timerCommand } from '../../../domain/commands/disable';
import { site } from '../sites';

const isMissing = spawnSync('setsid', ['--version']).error !== undefined;
if (isMissing) console.log('Skipped, there is no setsid here: it is in util-linux.');
const describeWithSetsid = isMissing ? describe.skip : describe;

describeWithSetsid('the timer, in a real shell', () => {
  // It waits for one second more.
  const golden = site('golden');
  const short = { ...golden, haproxy: { ...golden.haproxy, deadManSeconds: 0 } };
  let directory: string;
  const file = () => join(directory, 'dead-man');
  const calls = () => (existsSync(join(directory, 'calls')) ? readFileSync(join(directory, 'calls'), 'utf8') : '');

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'timer-'));
    // It fails as long as it is told to.
    writeFileSync(
      join(directory, 'cibadmin'),
      `#!/bin/sh\nprintf '%s\\n' "$@" >> ${directory}/calls\nexec rm ${directory}/works\n`,
    );
    chmodSync(join(directory, 'cibadmin'), 0o755);
    writeFileSync(join(directory, 'works'), '');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function start(cycle: number) {
    const [program = '', ...words] = timerCommand(short, cycle).argv.map((word) =>
      word.replaceAll(TIMER.end.argv[2], file()).replace('sleep 5', 'sleep 0.2'),
    );
    return spawnSync(program, words, { env: { PATH: `${directory}:/usr/bin:/bin` }, encoding: 'utf8' });
  }

  test('comes back at once, and takes the set away later', async () => {
    const began = Date.now();
    const { status, stderr } = start(1_764_205_409_000);
    const milliseconds = Date.now() - began;
    const armed = readFileSync(file(), 'utf8');
    const before = calls();
    await sleep(2_500);

    expect([status, stderr, armed, before]).toEqual([0, '', '1764205409000\n', '']);
    expect(milliseconds).toBeLessThan(900);
    const [, ...words] = END_DISABLE.argv;
    // Quotes in XML are of either kind.
    expect(calls()).toBe(words.map((word) => `${word.replaceAll('"', "'")}\n`).join(''));
    expect(existsSync(file())).toBe(false);
  });

  test('tries again for as long as cibadmin fails', async () => {
    rmSync(join(directory, 'works'));
    start(1_764_205_409_000);
    await sleep(2_500);
    writeFileSync(join(directory, 'works'), '');
    await sleep(1_000);

    expect(calls().match(/-D/g)?.length).toBeGreaterThan(2);
    expect(existsSync(file())).toBe(false);
  });

  test.each([
    ['gone', undefined],
    ["another cycle's", '1764205409001\n'],
  ])('does nothing once its file is %s', async (_, content) => {
    start(1_764_205_409_000);
    if (content === undefined) rmSync(file());
    else writeFileSync(file(), content);
    await sleep(2_500);

    expect(calls()).toBe('');
  });
});
