import { detailOf, OpenStackApiError, OpenStackUnavailable, refusal } from '../../../domain/openstack/errors';
import { expectToTakeLess } from '../cpu-time';

const answer = (status: number, text: string) => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { method: 'GET', url: 'http://10.21.22.2:9511/v1/clusters', status, headers: {}, text, json };
};

test.each([
  [
    'Keystone',
    401,
    '{"error":{"code":401,"title":"Unauthorized","message":"Needs authentication."}}',
    'Needs authentication.',
  ],
  [
    'Magnum',
    400,
    '{"errors":[{"code":"client","status":400,"title":"Bad","detail":"Unable to find flavor nope."}]}',
    'Unable to find flavor nope.',
  ],
  ['Magnum without detail', 404, '{"errors":[{"title":"None","detail":""}]}', 'None'],
  [
    'HTML',
    503,
    '<html><head><title>x</title></head><body><h1>503 Service Unavailable</h1>\nNo server</body></html>',
    '503 Service Unavailable No server',
  ],
  ['nothing', 500, '', '(no text)'],
  [
    'Nova',
    404,
    '{"itemNotFound":{"code":404,"message":"Flavor nope could not be found."}}',
    'Flavor nope could not be found.',
  ],
  [
    'Neutron',
    404,
    '{"NeutronError":{"type":"NetworkNotFound","message":"Network x could not be found","detail":""}}',
    'Network x could not be found',
  ],
  [
    'Heat',
    404,
    '{"explanation":"The resource could not be found.","code":404,"error":{"message":"The Stack (s) could not be found.","traceback":null,"type":"EntityNotFound"},"title":"Not Found"}',
    'The Stack (s) could not be found.',
  ],
  [
    'Octavia',
    404,
    '{"faultcode":"Client","faultstring":"Load balancer x not found.","debuginfo":null}',
    'Load balancer x not found.',
  ],
  ['a proxy', 403, '{"error":"forbidden"}', '{"error":"forbidden"}'],
  [
    'what is no error',
    500,
    '{"errors":[null],"error":null,"message":{"a":1}}',
    '{"errors":[null],"error":null,"message":{"a":1}}',
  ],
  ['a list', 500, '[{"message":"x"}]', '[{"message":"x"}]'],
  ['texts in no text', 500, '{"errors":[{"detail":{"a":1},"title":"Bad"}]}', 'Bad'],
])('reads what %s says', (_, status, text, detail) => {
  expect(detailOf(answer(status, text))).toBe(detail);
});

test.each([
  ['<head>', 6],
  ['<', 1],
  ['<a ', 3],
  ['</head>', 7],
  [' ', 1],
])('a page of a megabyte of %j takes no long time', (repeated, length) => {
  const page = answer(500, repeated.repeat(1_000_000 / length));

  expectToTakeLess(100, () => detailOf(page));
});

test.each([
  ['{"error":{"message":5,"title":"Bad"}}', 'Bad'],
  ['{"errors":[null]}', '{"errors":[null]}'],
  ['{"error":null,"message":""}', '{"error":null,"message":""}'],
  ['<html><head><title>x</title></head>left < right</html>', 'left < right'],
])('of an answer that nobody documents it tells what there is: %s', (text, detail) => {
  expect(detailOf(answer(500, text))).toBe(detail);
});

test('a long detail is cut, with a count', () => {
  expect(detailOf(answer(500, JSON.stringify({ error: { message: 'x'.repeat(1500) } })))).toMatch(
    /x… \(500 more characters\)$/,
  );
});

test.each([502, 503, 504])('%d is something that may pass', (status) => {
  expect(refusal(answer(status, '<h1>x</h1>'))).toBeInstanceOf(OpenStackUnavailable);
});

test('any other status is a refusal: what, where, what to do', () => {
  const error = refusal(answer(400, '{"errors":[{"detail":"Unable to find flavor nope."}]}'));
  expect(error).toBeInstanceOf(OpenStackApiError);
  expect(error).toMatchObject({
    name: 'OpenStackApiError',
    status: 400,
    detail: 'Unable to find flavor nope.',
    message:
      'GET http://10.21.22.2:9511/v1/clusters: 400 Unable to find flavor nope. Correct the site document or the cloud ' +
      'accordingly and start again.',
  });
});

test.each(['<head>', '<', '<a '])('a page of nothing but %s is read at once', (part) => {
  const page = part.repeat(1_000_000);

  expectToTakeLess(1000, () => detailOf({ json: undefined, text: page }));
});
