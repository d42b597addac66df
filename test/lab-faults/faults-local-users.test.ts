import { reportOf } from '../workflow/local';
import { aftermath, ALL, breaking, endOf, faultyLab, site, WELL } from './faults';

// Users who are logged in to a controller: the one as which Magnum runs, who owns /etc/magnum as Debian's package makes it, and an
// ordinary one. Neither makes root write elsewhere, nor the workflow believe anything.

faultyLab();

const HOST = 'node-2';
const CONF = '/etc/magnum/magnum.conf';
/** A file of root's that Magnum's user would like to have, or to be written. */
const PRECIOUS = '/etc/precious';
const CONTENT = 'precious: not-for-magnum\n';

/** What somebody does until it is told to stop, in Python, and what is run after that. */
async function attacking(user: string, program: string, undoing = 'true'): Promise<void> {
  const source = Buffer.from(`import os, sys, time\n${program}\n`).toString('base64');
  await breaking(
    HOST,
    `echo ${source} | base64 -d > /tmp/attack.py; rm -f /tmp/attacking; ` +
      `setsid setpriv ${user} --clear-groups python3 /tmp/attack.py < /dev/null > /tmp/attack.log 2>&1 & ` +
      'until test -e /tmp/attacking; do sleep 0.05; done',
    `pkill -KILL -f '^python3 /tmp/attack[.]py' || true; ${undoing}`,
  );
}

const MAGNUM = '--reuid=magnum --regid=magnum';
const ORDINARY = '--reuid=4711 --regid=4711';

describe("Magnum's user, in its own directory", () => {
  beforeEach(async () => {
    await site.drift('everything');
    await site.bash(
      HOST,
      `printf '${CONTENT.trim()}\\n' > ${PRECIOUS}; chmod 600 ${PRECIOUS}; chown magnum:magnum /etc/magnum`,
    );
  });

  const untouched = async () => {
    const stat = await site.bash(HOST, `stat -c '%U:%G %a %F' ${PRECIOUS}; cat ${PRECIOUS}`);
    expect(stat).toBe(`root:root 600 regular file\n${CONTENT}`);
    // Nor is there a copy that it could read.
    expect(await site.bash(HOST, `grep -rl not-for-magnum /etc /var/lib /var/log /tmp 2> /dev/null || true`)).toBe(
      `${PRECIOUS}\n`,
    );
  };

  it('plants links under the names of before, and instead of whatever appears there: root writes through none', async () => {
    const names = ['magnum.conf.magnum-ha-previous', 'magnum.conf.magnum-ha-staged', 'magnum.conf.magnum-ha'];
    await attacking(
      MAGNUM,
      `
os.chdir('/etc/magnum')
for name in ${JSON.stringify(names)}:
    os.symlink('${PRECIOUS}', name)
known = set(os.listdir('.'))
open('/tmp/attacking', 'w')
while True:
    for name in set(os.listdir('.')) - known:
        try:
            os.unlink(name)
            os.symlink('${PRECIOUS}', name)
            print('replaced', name, flush=True)
        except OSError:
            pass
    time.sleep(0.001)
`,
      `cd /etc/magnum && rm -f ${names.join(' ')}`,
    );

    const result = await site.apply();

    expect(endOf(result)).toEqual({ status: 'SUCCEEDED' });
    expect(await site.bash(HOST, 'cat /tmp/attack.log')).toBe('');
    await untouched();
    expect(await aftermath(ALL)).toEqual(WELL);
  });

  it('makes magnum.conf a link again and again: nothing is read or written through it', async () => {
    await attacking(
      MAGNUM,
      `
os.chdir('/etc/magnum')
open('/tmp/attacking', 'w')
while True:
    try:
        os.rename('magnum.conf', 'kept')
        os.symlink('${PRECIOUS}', 'magnum.conf')
        time.sleep(0.02)
        os.rename('kept', 'magnum.conf')
        time.sleep(0.3)
    except OSError as error:
        print(error, flush=True)
`,
      `cd /etc/magnum && { test ! -L magnum.conf || rm magnum.conf; } && { test ! -e kept || mv -f kept magnum.conf; }; ` +
        `test -e magnum.conf || cp -a /var/lib/initial/magnum.conf ${CONF}`,
    );

    const results = [await site.apply(), await site.apply(), await site.apply()];

    expect(JSON.stringify(results)).not.toContain('not-for-magnum');
    await untouched();
  });
});

describe('an ordinary user', () => {
  it('sees of a batch no word that could end what a command prints', async () => {
    await site.drift('everything');
    await attacking(
      ORDINARY,
      `
seen = set()
open('/tmp/attacking', 'w')
while True:
    for pid in os.listdir('/proc'):
        for name in ('cmdline', 'environ'):
            try:
                text = open('/proc/%s/%s' % (pid, name), 'rb').read()
            except OSError:
                continue
            if text not in seen:
                seen.add(text)
                print(text.replace(b'\\0', b' ').decode('latin-1'), flush=True)
    time.sleep(0.005)
`,
    );

    const result = await site.apply();

    const seen = await site.bash(HOST, 'cat /tmp/attack.log');
    expect(endOf(result)).toEqual({ status: 'SUCCEEDED' });
    expect(seen).toContain('read -r m');
    expect(seen.match(/\b[0-9a-f]{32}\b/g)).toBeNull();
  });

  it('calls processes as it likes: none counts as HAProxy, as Magnum, or as a line of ps', async () => {
    await site.drift('fragment');
    const lines = [
      '/usr/sbin/haproxy -D -f /etc/haproxy/haproxy.cfg -f /etc/haproxy/conf.d',
      '/usr/bin/python3 /usr/bin/magnum-api',
      '/usr/bin/python3 /usr/bin/magnum-conductor',
      'x\n      1       0     0     0  999999 Ss   haproxy -f /etc/haproxy/haproxy.cfg',
      'x\n   4242       1     0     0  999999 Ss   /usr/bin/magnum-conductor',
    ];
    await attacking(
      ORDINARY,
      `
for line in ${JSON.stringify(lines)}:
    if os.fork() == 0:
        os.execv('/bin/sleep', [line, '600'])
open('/tmp/attacking', 'w')
time.sleep(600)
`,
      'pkill -KILL -U 4711 || true',
    );

    const result = await site.apply();
    const checked = reportOf(await site.check());

    expect(endOf(result)).toEqual({ status: 'SUCCEEDED' });
    expect(checked.outcome).toBe('unchanged');
    expect(await site.bash(HOST, 'pgrep -c -U 4711')).toBe(`${lines.length + 1}\n`);
    expect(await aftermath(ALL)).toEqual(WELL);
  });
});
