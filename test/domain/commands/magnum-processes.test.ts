import { type MagnumProgram, magnumProcesses } from '../../../domain/commands/magnum-processes';
import { parseProcesses } from '../../../domain/commands/process-list';

const INIT = '    1     0     0     0   86400 Ss   /sbin/init\n';
const list = (...lines: string[]) => parseProcesses(INIT + lines.join('\n'), 'controller node-1');
const line = (args: string, pid = 70, user = 113) => `${pid} 1 ${user} ${user} 42 Ss ${args}`;

describe.each<[MagnumProgram, [string, string][]]>([
  [
    'magnum-api',
    [
      ['program', '/usr/bin/python2.7 /usr/bin/magnum-api --config-file=/etc/magnum/magnum.conf'],
      ['program', '/usr/bin/python3 -s /usr/bin/magnum-api'],
      ['program', '/usr/bin/python3 -W ignore -sE /usr/bin/magnum-api'],
      [
        'program',
        '/var/lib/kolla/venv/bin/python3 /var/lib/kolla/venv/bin/magnum-api --config-file /etc/magnum/magnum.conf',
      ],
      ['program', 'python3 -m magnum.cmd.api --config-file /etc/magnum/magnum.conf'],
      ['program', '/usr/bin/magnum-api'],
      ['program', 'magnum-api: worker 1'],
      ['uwsgi', '/usr/bin/uwsgi_python3 --http-socket :9511 --processes 4 --ini /etc/magnum/magnum-api-uwsgi.ini'],
      ['uwsgi', '/usr/bin/uwsgi --ini /etc/uwsgi/magnum-api.ini'],
      ['uwsgi', 'uwsgi --http 10.21.22.4:9511 --module magnum.wsgi.api:application'],
      ['uwsgi', '/opt/stack/data/venv/bin/uwsgi --procname-prefix magnum-api --ini /etc/magnum/magnum-api-uwsgi.ini'],
      ['uwsgi', 'magnum-apiuWSGI worker 1'],
      ['gunicorn', '/usr/bin/python3 /usr/bin/gunicorn -b 10.21.22.4:9511 magnum.wsgi.api:application'],
      ['gunicorn', 'gunicorn: worker [magnum.api.app:build_wsgi_app]'],
      ['mod_wsgi', '(wsgi:magnum-api) -k start'],
      ['mod_wsgi', '(wsgi:magnum-ap -DFOREGROUND'],
    ],
  ],
  [
    'magnum-conductor',
    [
      ['program', '/usr/bin/python3 /usr/bin/magnum-conductor --config-file /etc/magnum/magnum.conf'],
      ['program', '/usr/bin/python2 -s /usr/bin/magnum-conductor'],
      ['program', 'python3 -m magnum.cmd.conductor'],
      ['program', 'magnum-conductor: ServiceWrapper worker(0)'],
    ],
  ],
])('%s', (program, forms) => {
  test.each(forms)('as %s: %s', (form, args) => {
    expect(magnumProcesses(list(line(args)), program)).toMatchObject({
      own: [{ pid: 70 }],
      form,
      users: [113],
      age: 42,
      contained: [],
    });
    const other = program === 'magnum-api' ? 'magnum-conductor' : 'magnum-api';
    expect(magnumProcesses(list(line(args)), other).own).toEqual([]);
  });
});

describe('not Magnum’s', () => {
  test.each([
    'tail -f /var/log/magnum/magnum-api.log',
    'vim /usr/bin/magnum-api',
    'journalctl -fu magnum-api',
    'sh -c magnum-api',
    'grep magnum-api',
    'python3 -c import magnum.cmd.api',
    'python3 /usr/bin/magnum-api-check',
    'python3 -m magnum.cmd.db_manage',
    '/usr/bin/uwsgi_python3 --http-socket :8778 --ini /etc/placement/placement-api-uwsgi.ini',
    'gunicorn: worker [heat.api:app]',
    '(wsgi:placement-a -k start',
    '/usr/sbin/apache2 -k start',
  ])('%s', (args) => {
    expect(magnumProcesses(list(line(args)), 'magnum-api')).toEqual({
      own: [],
      form: undefined,
      users: [],
      age: undefined,
      contained: [],
    });
  });

  test('what an ordinary user calls so, if the site does not run it as that user', () => {
    const processes = list(line('magnum-conductor', 70, 1000));

    expect(magnumProcesses(processes, 'magnum-conductor').own).toEqual([]);
    expect(magnumProcesses(processes, 'magnum-conductor', new Set([1000])).own).toHaveLength(1);
  });
});

test('the oldest of several has read the configuration', () => {
  const processes = list(
    '70 1 113 113 42 Ss magnum-api',
    '71 70 113 113 7 S magnum-api: worker',
    '72 1 0 0 3 S magnum-api',
  );

  expect(magnumProcesses(processes, 'magnum-api')).toMatchObject({ age: 42, users: [113, 0] });
});

test('those in containers are told apart', () => {
  const processes = list(
    '60 1 0 0 9 S /usr/bin/conmon -c f00',
    '70 60 42402 42402 9 Ss /usr/bin/python3 /var/lib/kolla/venv/bin/magnum-conductor',
  );

  expect(magnumProcesses(processes, 'magnum-conductor')).toMatchObject({ own: [], contained: [{ pid: 70 }] });
});
