import { type FieldLab, said, startFieldLab } from './lab';
import { NAMES } from './names';

// Something listens on the API's port on all addresses. HAProxy that is stopped then starts on no controller: everything behind
// the VIP would stay down. What is asked for is a refusal before anything is touched, and no lost answer.

let site: FieldLab;
afterEach(() => site.close());

it("Debian's magnum-api as its package starts it: uWSGI, whatever [api] host says", async () => {
  site = await startFieldLab({ profile: 'core', magnumApi: 'stock' });
  const listeners = await site.bash('node-1', 'cat /proc/net/tcp');
  const before = await site.state();

  const { result, vip } = await site.watched('apply');

  // 0.0.0.0:9511 in the kernel's notation.
  expect(listeners).toContain('00000000:2527');
  const { status, text } = said(result);
  expect(status).toBe('FAILED');
  expect(text).toContain(NAMES.apiOnAllAddresses);
  for (const word of ['9511', ...site.controllers]) expect(text).toContain(word);
  expect(vip.lost).toEqual([]);
  expect(await site.state()).toEqual(before);
});

it('a document whose [api] host is 0.0.0.0', async () => {
  site = await startFieldLab({
    change: (given) => ({
      ...given,
      magnum: { ...given.magnum, extraOptions: { ...given.magnum.extraOptions, api: { host: '0.0.0.0' } } },
    }),
  });
  const before = await site.state();

  const { result, vip } = await site.watched('apply');

  expect(said(result).status).toBe('FAILED');
  expect(said(result).text).toContain(NAMES.apiHost);
  expect(vip.lost).toEqual([]);
  expect(await site.state()).toEqual(before);
});
