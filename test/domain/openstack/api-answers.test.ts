import { apiAnswers } from '../../../domain/openstack/api-answers';
import { startSession, type TestSession } from './session';

let session: TestSession;
beforeEach(async () => {
  session = await startSession();
});
afterEach(() => session.end());

const ask = (port = 9511, path?: string) =>
  session.drive(
    apiAnswers(session.cloud.connect, session.clock, '10.21.22.2', port, path === undefined ? {} : { path }),
  );

test('Magnum answers, whatever its database, Keystone and conductors do', async () => {
  session.cloud.openstack.faults.keystoneDown = true;
  session.cloud.restartApi({ 'database.connection': 'nonsense' });
  expect(await ask()).toEqual({ ok: true, reached: true, status: 200, reason: 'answers' });
});

test('Keystone answers', async () => {
  expect(await ask(5000)).toEqual({ ok: true, reached: true, status: 300, reason: 'answers' });
  expect(await ask(5000, '/v3')).toMatchObject({ ok: true, status: 200 });
});

test('HAProxy without a server is "not yet"', async () => {
  session.cloud.serve((_, response) => response.writeHead(503).end('<h1>503 Service Unavailable</h1>'));
  expect(await ask()).toEqual({
    ok: false,
    reached: true,
    status: 503,
    reason: 'not yet: HAProxy has no server up (503)',
  });
});

test.each([
  [404, '{"error":{"message":"none here"}}', '404 none here'],
  [200, '<h1>It works!</h1>', '200 It works!'],
])('%d with something else is not it', async (status, text, reason) => {
  session.cloud.serve((_, response) => response.writeHead(status).end(text));
  expect(await ask()).toEqual({ ok: false, reached: true, status, reason });
});

test('nothing there: why', async () => {
  expect(await ask(9999)).toEqual({ ok: false, reached: false, reason: 'connect EHOSTUNREACH 10.21.22.2:9999' });
  session.cloud.serve((request) => request.socket.destroy());
  expect(await ask()).toEqual({ ok: false, reached: true, reason: 'socket hang up' });
});
