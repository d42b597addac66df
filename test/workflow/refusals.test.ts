import { audit } from '../../domain/audit/audit';
import { intactRecord } from '../../domain/audit/record';
import { utils } from 'ssh2';
import { type Local, lockItems, putDocument, startLocal } from '../../local/deploy';
import { element } from '../../local/simulated-site/cib';
import { changes, document, haproxyOn, listensEverywhere, run, whenLocked, withLocal } from './local';

/** A refusal: what is wrong, and the error's name. */
interface Refusal {
  readonly what: string;
  readonly error: string;
  readonly cause: RegExp;
  readonly input?: unknown;
  readonly prepare?: (local: Local) => unknown;
}

const golden = document('golden');
const anotherKey = () => utils.generateKeyPairSync('ecdsa', { bits: 256 }).private;

describe('refused before any connection', () => {
  const refusals: Refusal[] = [
    { what: 'an unknown site', input: { site: 'nowhere', mode: 'apply' }, error: 'SiteUnknown', cause: /nowhere/ },
    { what: 'an unknown mode', input: { site: 'golden', mode: 'destroy' }, error: 'ModeUnknown', cause: /"check"/ },
    {
      what: 'a missing SSH key',
      prepare: ({ deployment }) => deployment.parameters.delete('/magnum-ha/golden/ssh-private-key'),
      error: 'SecretMissing',
      cause: /ssh-private-key.*Nothing was touched\.$/,
    },
    ...Object.entries({
      UnknownField: { colour: 'blue' },
      DuplicateAddress: { controllers: golden.controllers.map((one) => ({ ...one, address: '10.21.22.6' })) },
      AddressOutsideManagementNetwork: { virtualIp: '10.99.0.2' },
      BadPort: { bastion: { ...golden.bastion, port: 70_000 } },
      BadAddress: { virtualIp: '10.21.22' },
      ManagersWithoutLoadBalancer: {
        clusterTemplates: golden.clusterTemplates.map((one) => ({ ...one, masterLbEnabled: false })),
      },
      SecretInClear: { openstack: { ...golden.openstack, password: 'hunter2' } },
    }).map(([error, change]) => ({
      what: `a site document with ${error}`,
      prepare: ({ deployment }: Local) => putDocument(deployment, 'golden', { ...golden, ...change }),
      error,
      cause: new RegExp(`\\[${error}\\]`),
    })),
  ];

  it.each(refusals)('$what: $error', async ({ input, prepare, error, cause }) => {
    await withLocal(golden, async (local) => {
      await prepare?.(local);

      const result = await local.deployment.start('magnum-ha', { input: input ?? { site: 'golden', mode: 'apply' } })
        .result;

      expect(result).toMatchObject({ status: 'FAILED', error });
      expect(result.cause).toMatch(cause);
      expect(result.cause).not.toContain('hunter2');
      expect(local.site.record.entries).toEqual([]);
    });
  });
});

describe('refused before any change', () => {
  const refusals: Refusal[] = [
    {
      what: 'a missing parameter in SSM',
      prepare: ({ deployment }) => deployment.parameters.delete('/magnum-ha/golden/rabbit-password'),
      error: 'SecretMissing',
      cause: /\/magnum-ha\/golden\/rabbit-password/,
    },
    {
      what: 'a secret that is no SecureString',
      prepare: ({ deployment }) =>
        deployment.parameters.set('/magnum-ha/golden/rabbit-password', { type: 'String', value: 'clear' }),
      error: 'SecretNotEncrypted',
      cause: /\/magnum-ha\/golden\/rabbit-password/,
    },
    {
      what: 'a wrong host key of the bastion',
      prepare: ({ site }) => {
        site.faults.rotateHostKey('bastion');
      },
      error: 'HostKeyMismatch',
      cause: /bastion/,
    },
    {
      what: 'a wrong host key of a controller',
      prepare: ({ site }) => {
        site.faults.rotateHostKey('node-2');
      },
      error: 'HostKeyMismatch',
      cause: /controller node-2/,
    },
    {
      what: 'a bastion that cannot be reached',
      prepare: ({ site }) => site.faults.bastionDown(),
      error: 'BastionUnreachable',
      cause: /bastion/,
    },
    {
      what: 'a controller that cannot be reached',
      prepare: ({ site }) => {
        site.faults.unreachable('node-3');
      },
      error: 'ControllerUnreachable',
      cause: /node-3/,
    },
    {
      what: 'a cluster without quorum',
      prepare: ({ site }) => {
        site.faults.loseQuorum();
      },
      error: 'PreflightRefused',
      cause: /error NoQuorum: .*quorum/,
    },
    {
      what: 'one controller that is cut off from the cluster',
      prepare: ({ site }) => {
        site.faults.cutOff('node-2');
      },
      error: 'PreflightRefused',
      cause: /error NoQuorum: .*node-2/,
    },
    {
      what: 'a resource that pacemaker does not know',
      prepare: ({ deployment, site: { document: pinned } }) =>
        putDocument(deployment, 'golden', { ...pinned, haproxy: { ...pinned.haproxy, resource: 'p_nothing' } }),
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnknown: .*p_nothing/,
    },
    {
      what: 'an unmanaged resource',
      prepare: ({ site }) => {
        site.faults.unmanaged();
      },
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnmanaged: .*pcs resource manage p_haproxy/,
    },
    {
      what: 'a cluster in maintenance mode',
      prepare: ({ site }) => {
        site.faults.maintenanceMode();
      },
      error: 'PreflightRefused',
      cause: /error HAProxyResourceUnmanaged: .*maintenance-mode=false/,
    },
    {
      what: 'pacemaker that does not run',
      prepare: ({ site }) => {
        site.faults.stopCluster('node-1');
      },
      error: 'PreflightRefused',
      cause: /error PacemakerUnavailable: .*node-1/,
    },
    {
      what: 'an HAProxy configuration that is broken already',
      prepare: ({ site }) =>
        site.controllers.get('node-3')?.files.write('/etc/haproxy/conf.d/020-keystone-1.cfg', 'listen x\n nonsense\n'),
      error: 'PreflightRefused',
      cause: /error HAProxyConfigInvalid: .*node-3.*020-keystone-1\.cfg:2/s,
    },
    {
      what: 'a controller from which HAProxy is banned',
      prepare: async ({ site }) => {
        const ban = { id: 'cli-ban-x', rsc: 'clone_p_haproxy', node: 'node-2', score: '-INFINITY' };
        site.pacemaker.change('node-1', (cib) =>
          cib.change((configuration) => {
            configuration.children.at(-1)?.children.push(element('rsc_location', ban));
          }),
        );
        await site.clock.sleep(3_000);
      },
      error: 'PreflightRefused',
      cause: /error HAProxyNotRunning: .*node-2: the constraint cli-ban-x .*pcs resource clear clone_p_haproxy/,
    },
    {
      what: 'a controller that runs HAProxy and is not in the document',
      prepare: ({ deployment, site: { document: pinned } }) =>
        putDocument(deployment, 'golden', { ...pinned, controllers: pinned.controllers.slice(0, 2) }),
      error: 'PreflightRefused',
      cause: /error ControllerMissingInDocument: HAProxy runs on node-3/,
    },
    {
      what: "another section of HAProxy's at Magnum's address",
      prepare: ({ site }) =>
        site.controllers
          .get('node-3')
          ?.files.seed('/etc/haproxy/conf.d/200-plugin.cfg', 'listen containers\n  bind 10.21.22.2:9511\n'),
      error: 'PreflightRefused',
      cause:
        /error FragmentAddressTaken: listen containers in \S+200-plugin\.cfg listens at 10\.21\.22\.2:9511.* node-3\./,
    },
    {
      what: 'HAProxy that reads no fragments',
      prepare: ({ site }) => {
        // As on stock Debian: one file has all, and HAProxy is started with that one alone.
        const { configFile, fragmentDirectory } = site.document.haproxy;
        for (const controller of site.controllers.values()) {
          const { files } = controller;
          const paths = [...files.files.keys()].filter((path) => path.startsWith(`${fragmentDirectory}/`));
          const contents = [configFile, ...paths].map((path) => files.files.get(path)?.content ?? '');
          files.seed(configFile, contents.join('\n'));
          for (const path of paths) files.files.delete(path);
          controller.haproxyReadsNoFragments = true;
          controller.stop();
          controller.start();
        }
      },
      error: 'PreflightRefused',
      cause: /error FragmentDirectoryNotRead: .*not with \/etc\/haproxy\/conf\.d, on node-1, node-2, node-3/,
    },
    {
      what: "something else at the API's port of every address",
      prepare: ({ site }) => {
        site.controllers.get('node-2')?.services.get('magnum-api')?.stop();
        listensEverywhere(site, 'node-2');
      },
      error: 'PreflightRefused',
      cause: /error ApiPortTaken: uwsgi listens on port 9511 of every address on node-2/,
    },
    {
      what: 'a firewall whose rules do not outlive a reboot',
      prepare: ({ site }) => site.controllers.get('node-1')?.files.files.delete('/etc/iptables/rules.v4'),
      error: 'ManagedFileMissing',
      cause: /rules\.v4 on node-1/,
    },
    {
      what: 'a magnum.conf that cannot be read',
      prepare: ({ site }) =>
        site.controllers.get('node-1')?.files.write('/etc/magnum/magnum.conf', '[DEFAULT\npassword hunter2\n'),
      error: 'ConfigFileInvalid',
      cause: /magnum\.conf on node-1/,
    },
  ];

  it.each([
    { what: 'a wrong SSH key', key: anotherKey, error: 'SshAuthenticationFailed', cause: /bastion/ },
    {
      what: 'no SSH key at all in its parameter',
      key: () => 'nonsense',
      error: 'SshPrivateKeyInvalid',
      cause: /ssh-private-key/,
    },
  ])('$what, by real SSH: $error', async ({ key, error, cause }) => {
    const local = await startLocal(golden);
    try {
      local.deployment.parameters.set('/magnum-ha/golden/ssh-private-key', { type: 'SecureString', value: key() });

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error });
      expect(result.cause).toMatch(cause);
      expect(changes(local)).toEqual([]);
      expect(lockedSites(local)).toEqual([]);
    } finally {
      await local.close();
    }
  });

  it.each(refusals)('$what: $error', async ({ prepare, error, cause }) => {
    await withLocal(golden, async (local) => {
      await prepare?.(local);

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error });
      expect(result.cause).toMatch(cause);
      expect(result.cause).not.toContain('hunter2');
      expect(changes(local)).toEqual([]);
      expect(lockedSites(local)).toEqual([]);
    });
  });

  it('a user whom sudo asks for a password: SudoRefused, and not what the exit code of the command would mean', async () => {
    await withLocal({ ...golden, ssh: { ...golden.ssh, user: 'deploy', sudo: true } }, async (local) => {
      local.site.faults.noSudo('node-2');

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'SudoRefused' });
      expect(result.cause).toMatch(/on node-2 of site golden to user deploy/);
      expect(changes(local)).toEqual([]);
    });
  });

  it('puts nothing in place anywhere if one controller rejects its HAProxy fragment', async () => {
    await withLocal(golden, async (local) => {
      const before = managedFiles(local);
      // Somebody's fragment has a proxy of this name already: with ours beside it, HAProxy cannot start.
      const neighbour = 'listen magnum-api\n bind 10.21.22.2:9999\n server a 10.21.22.6:80\n';
      local.site.controllers.get('node-2')?.files.seed('/etc/haproxy/conf.d/190-other.cfg', neighbour);

      const result = await run(local);

      expect(result).toMatchObject({ status: 'FAILED', error: 'StagedFileRejected' });
      expect(result.cause).toMatch(/180-magnum\.cfg on node-2/);
      expect(managedFiles(local)).toEqual(before);
      expect(haproxyOn(local)).toEqual(['node-1', 'node-2', 'node-3']);
    });
  });

  it('reaches a controller through the bastion only', async () => {
    await withLocal(golden, async ({ site }) => {
      const from = '192.0.2.1';

      const direct = site.network.connect(from, '10.21.22.6', 22);
      const throughBastion = await site.network.connect(site.bastion.address, '10.21.22.6', 22);

      await expect(direct).rejects.toMatchObject({ code: 'EHOSTUNREACH' });
      expect(throughBastion.destroyed).toBe(false);
      throughBastion.destroy();
    });
  });
});

describe('two executions', () => {
  it('never interleave on one site', async () => {
    await withLocal(golden, async (local) => {
      const { taken, onEvent } = whenLocked();
      const first = local.deployment.start('magnum-ha', {
        input: { site: 'golden', mode: 'apply' },
        name: 'first',
        onEvent,
      }).result;
      await taken;

      const second = await run(local);

      expect(second).toMatchObject({ status: 'FAILED', error: 'SiteLocked' });
      expect(second.cause).toContain('first');
      expect((await first).status).toBe('SUCCEEDED');
      expect(lockedSites(local)).toEqual([]);
    });
  });

  it('refuse an apply while another runs: it is reported, told and recorded like every refusal', async () => {
    await withLocal(golden, async (local) => {
      const { taken, onEvent } = whenLocked();
      const input = { site: 'golden', mode: 'apply' };
      const first = local.deployment.start('magnum-ha', { input, name: 'first', onEvent });
      await taken;

      const { executionArn, result } = local.deployment.start('magnum-ha', { input, name: 'second' });
      await result;
      const message = local.deployment.topics.messages.at(-1);
      await first.result;
      await local.settled();

      const records = [...local.deployment.buckets].flatMap((bucket) =>
        bucket.list({ prefix: 'records/golden/' }).objects.flatMap(({ body }) => intactRecord(body.toString()) ?? []),
      );
      const record = records.find(({ execution }) => execution.executionArn === executionArn);
      const steps = record ? audit(record).steps.map(({ name }) => name) : [];
      expect(steps.slice(-3)).toEqual(['Look at lock owner', 'Report failure', 'Tell people of the failure']);
      expect(record && audit(record)).toMatchObject({
        verdict: { outcome: 'refused', words: 'Refused, and nothing was touched: SiteLocked.' },
        document: { version: expect.any(String) as string },
      });
      expect(message?.subject).toBe('magnum-ha: golden: refused, SiteLocked');
      expect(message?.message).toContain(`Another execution works on site golden: ${first.executionArn}. Wait`);
      expect(message?.message).toContain('What to do: magnum-ha start golden --mode apply');
    });
  });

  it('skip a check while an apply runs: the audit says by whom', async () => {
    await withLocal(golden, async (local) => {
      const { taken, onEvent } = whenLocked();
      const input = { site: 'golden', mode: 'apply' };
      const first = local.deployment.start('magnum-ha', { input, name: 'first', onEvent });
      await taken;

      const { status, events } = await run(local, 'check');

      expect(status).toBe('SUCCEEDED');
      const { verdict } = audit({ events });
      expect(verdict).toMatchObject({ outcome: 'skipped', todo: ['Start it again when that has ended.'] });
      expect(verdict.words).toContain(`Another execution works on site golden: ${first.executionArn}.`);
      await first.result;
    });
  });

  it('take over the lock of an execution that was stopped', async () => {
    await withLocal(golden, async (local) => {
      const { taken, onEvent } = whenLocked();
      const input = { site: 'golden', mode: 'apply' };
      const stopped = local.deployment.start('magnum-ha', { input, onEvent });
      await taken;
      stopped.stop();
      expect((await stopped.result).status).toBe('ABORTED');
      expect(lockedSites(local)).toEqual(['golden']);

      const next = await run(local, 'check');

      expect(next.status).toBe('SUCCEEDED');
      expect(lockedSites(local)).toEqual([]);
    });
  });
});

function lockedSites({ deployment }: Local): string[] {
  return lockItems(deployment).map(({ site }) => site?.S ?? '');
}

function managedFiles({ site }: Local): (string | undefined)[] {
  const paths = ['/etc/magnum/magnum.conf', '/etc/haproxy/conf.d/180-magnum.cfg', '/etc/iptables/rules.v4'];
  return [...site.controllers.values()].flatMap(({ files }) => paths.map((path) => files.files.get(path)?.content));
}
