import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  above,
  freshness,
  HAPROXY_PROGRAMS,
  isContained,
  isService,
  parseProcesses,
  PROCESS_FORMAT,
  programOf,
} from '../../../domain/commands/process-list';

/** ps -eo pid=,ppid=,ruid=,euid=,etimes=,stat=,args= of procps 4.0.2, cut. */
const PS = `    1     0     0     0    2620 Ss   /sbin/init
    2     0     0     0    2620 S    [kthreadd]
 9584     1 65534 65534       4 Ssl  /usr/sbin/haproxy -D -p /run/haproxy.pid -f /etc/haproxy/haproxy.cfg
 9600  9584     0     0       4 Z    [haproxy] <defunct>
 9700     1  1000     0      12 S+   haproxy -f /etc/haproxy/haproxy.cfg
`;
const read = (ps: string) => parseProcesses(ps, 'controller node-1 of site golden');

test('numbers first, then the command line in words; the dead are left out', () => {
  const { all, byPid } = read(PS);

  expect(PROCESS_FORMAT).toBe('pid=,ppid=,ruid=,euid=,etimes=,stat=,args=');
  expect(all.map(({ pid }) => pid)).toEqual([1, 2, 9584, 9700]);
  expect(byPid.get(9584)).toEqual({
    pid: 9584,
    parent: 1,
    realUser: 65534,
    user: 65534,
    age: 4,
    words: ['/usr/sbin/haproxy', '-D', '-p', '/run/haproxy.pid', '-f', '/etc/haproxy/haproxy.cfg'],
    program: 'haproxy',
  });
});

test('a command line cannot pass for more than it is', () => {
  const forged = ` 9800     1  1000  1000       3 S    x 4242 1 0 0 3 S haproxy -f /etc/haproxy/haproxy.cfg\n`;

  const { all } = read(PS + forged);

  expect(all.at(-1)).toMatchObject({ pid: 9800, user: 1000 });
  expect(programOf(all.at(-1)?.words ?? [])).toBe('x');
});

test.each([
  ['nothing', ''],
  [
    'only its own, as with hidepid=2',
    ' 700   699  1001  1001   0 Rs   ps -eo pid=\n 699   650  1001  1001   0 Ss   sh -c ps\n',
  ],
])('%s: they are hidden, which is not "none"', (_, ps) => {
  expect(() => read(ps)).toThrow(expect.objectContaining({ name: 'ProcessesHidden' }) as Error);
  expect(() => read(ps)).toThrow('controller node-1 of site golden');
});

test.each([
  ['root', 0, 0, true],
  ['a system account', 113, 113, true],
  ['nobody', 65534, 65534, true],
  ['an ordinary user', 1000, 1000, false],
  ['an ordinary user in a set-user-ID program', 1000, 0, false],
  ['a user of a directory', 70_001, 70_001, false],
  ['one that the site names', 5000, 5000, true],
])('%s', (_, realUser, user, expected) => {
  const process = { pid: 5, parent: 1, realUser, user, age: 1, words: [], program: '' };

  expect(isService(process, new Set([5000]))).toBe(expected);
});

test.each([
  '/usr/bin/containerd-shim-runc-v2 -namespace moby -id f00',
  'docker-containerd-shim f00 /var/run/docker/libcontainerd/f00 docker-runc',
  '/usr/bin/conmon --api-version 1 -c f00',
  '/usr/bin/lxc-start -d -n controller1_haproxy_container-f00',
])('what is below %s runs in a container', (shim) => {
  const list = read(
    `${PS}  500     1     0     0  99 S    ${shim}\n  501   500     0     0  99 Ss   tini\n  502   501     0     0  99 S    haproxy -W -f /x.cfg\n`,
  );
  const [inside, outside] = [502, 9584].map((pid) => list.byPid.get(pid));

  expect(inside && above(list, inside).map(({ pid }) => pid)).toEqual([501, 500, 1]);
  expect(inside && isContained(list, inside)).toBe(true);
  expect(outside && isContained(list, outside)).toBe(false);
});

test('parents in a circle, which a list that changes while it is read may have, are no endless way', () => {
  const list = read(`${PS}  500   501     0     0  99 S    a\n  501   500     0     0  99 S    b\n`);
  const one = list.byPid.get(500);

  expect(one && above(list, one).map(({ pid }) => pid)).toEqual([501, 500]);
});

test.each([
  ['started after the change', 10, 1000, 980, 'current'],
  ['started before it', 30, 1000, 980, 'stale'],
  ['started in the same second', 20, 1000, 980, 'current'],
  ['not running', undefined, 1000, 980, 'stale'],
  ['the file is from the future', 10, 1000, 5000, 'unknown'],
  ['the file is from the future and nothing runs', undefined, 1000, 5000, 'unknown'],
  ['changed right now', 10, 1000, 1001, 'stale'],
])('%s', (_, age, now, modified, expected) => {
  expect(freshness(age, now, modified)).toBe(expected);
});

test.each([
  ['written while the clock was ahead, and set right before anything was restarted', 30, 5000, 20, 'stale'],
  ['restarted after that', 10, 5000, 20, 'unknown'],
  ['written while the clock was behind', 30, 100, 20, 'stale'],
  ['restarted after that, too', 10, 100, 20, 'current'],
  ['started in the second in which it was written', 20, 980, 20.4, 'current'],
])('%s', (_, age, modified, written, expected) => {
  expect(freshness(age, 1000, modified, written)).toBe(expected);
});

describe('the programs of this machine', () => {
  const directory = mkdtempSync(join(tmpdir(), 'programs-'));
  const program = join(directory, 'haproxy');
  copyFileSync(process.execPath, program);
  const child = spawn(program, ['-e', 'setTimeout(() => {}, 60_000)', 'x  y'], { argv0: 'something else' });
  afterAll(() => {
    child.kill();
    rmSync(directory, { recursive: true });
  });

  test('ps prints the format as it is read here', () => {
    const { byPid } = read(execFileSync('ps', ['-eo', PROCESS_FORMAT], { encoding: 'utf8', env: { LC_ALL: 'C' } }));

    const user = process.getuid?.();
    expect(byPid.get(child.pid ?? 0)).toMatchObject({ parent: process.pid, realUser: user, user });
    expect(byPid.get(child.pid ?? 0)?.words.slice(0, 3)).toEqual(['something', 'else', '-e']);
  });

  test('find tells a haproxy from what only calls itself so, and the reverse', () => {
    const { stdout } = spawnSync('find', HAPROXY_PROGRAMS, { encoding: 'utf8' });

    expect(stdout.split('\n')).toContain(`/proc/${child.pid} ${program}`);
  });
});
