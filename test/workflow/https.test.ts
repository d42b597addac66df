import type { Site } from '../../domain/site/document';
import { document, reportOf, run, withLocal } from './local';

const golden = document('golden');

/** The golden site with these URLs of Keystone. */
function at(authUrl: string, internal = authUrl): Site {
  const { openstack, magnum } = golden;
  const keystone = { ...magnum.keystone, authUrl: internal, wwwAuthenticateUri: internal };
  return { ...golden, openstack: { ...openstack, authUrl }, magnum: { ...magnum, keystone } };
}

test.each<[string, Site]>([
  ['at the VIP', at(`https://${golden.virtualIp}:5000/v3`)],
  ['by a name, at a port of its own', at('https://cloud.example.com:13000/v3')],
  ['at an address of the world outside', at('https://203.0.113.9:5000/v3', `http://${golden.virtualIp}:35357/v3`)],
  [
    'as RabbitMQ and the database do',
    {
      ...at(`https://${golden.virtualIp}:5000/v3`),
      ca: { certificates: '', file: '/etc/ssl/certs/cloud.pem' },
      magnum: {
        ...at(`https://${golden.virtualIp}:5000/v3`).magnum,
        rabbit: { ...golden.magnum.rabbit, tls: true },
        database: { ...golden.magnum.database, tls: true },
      },
    },
  ],
])('a cloud whose APIs speak https %s can be rehearsed', async (_, site) => {
  const { first, second } = await withLocal(site, async (local) => ({
    first: reportOf(await run(local)),
    second: reportOf(await run(local)),
  }));

  expect(first).toMatchObject({ outcome: 'changed', verification: { healthy: true } });
  expect(second).toMatchObject({ outcome: 'unchanged' });
});
