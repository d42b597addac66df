import type { Site } from '../../../domain/site/document';
import { FAULTS } from '../../../local/rehearsal/faults';
import { document, run, withLocal } from '../../workflow/local';

/** As golden, with an SSH user who needs sudo; HAProxy's start is not waited for longer than it must be. */
function asked(): Site {
  const golden = document('golden');
  const haproxy = { ...golden.haproxy, startTimeoutSeconds: 20 };
  return { ...golden, haproxy, ssh: { ...golden.ssh, user: 'deploy', sudo: true } };
}

/** The error with which an apply ends. */
const ERRORS: Readonly<Record<string, string>> = {
  'haproxy-will-not-stop': 'HAProxyStopBlocked',
  'haproxy-will-not-start': 'HAProxyStartTimeout',
  'disk-full': 'CommandFailed',
  'read-only': 'CommandFailed',
  'no-sudo': 'SudoRefused',
  'clock-ahead': 'VerificationFailed',
  'host-key-changed': 'HostKeyMismatch',
  'logins-refused': 'SshAuthenticationFailed',
  unreachable: 'ControllerUnreachable',
  unplugged: 'ControllerUnreachable',
  'power-off': 'ControllerUnreachable',
  'cluster-stopped': 'PreflightRefused',
  'cut-off': 'PreflightRefused',
  'bastion-down': 'BastionUnreachable',
  'no-quorum': 'PreflightRefused',
  unmanaged: 'PreflightRefused',
  'maintenance-mode': 'PreflightRefused',
  'keystone-down': 'PreflightRefused',
  'cluster-stuck': 'ClusterDeadlineExceeded',
  'cluster-fails': 'ClusterFailed',
};

test('it is known how an apply ends with every fault', () => {
  expect(Object.keys(ERRORS).sort()).toEqual(Object.keys(FAULTS).sort());
});

test.each([['nothing', undefined], ...Object.entries(ERRORS)])(
  'with %s an apply ends with %s',
  async (name, wanted) => {
    await withLocal(asked(), async (local) => {
      const { site } = local;
      const controller = site.controllers.get('node-2');

      if (controller) await FAULTS[name]?.happen(site, controller);

      const { status, error } = await run(local);
      expect([status, error]).toEqual(wanted === undefined ? ['SUCCEEDED', undefined] : ['FAILED', wanted]);
    });
  },
);

test('that sudo refuses is no fault where it is not used', async () => {
  await withLocal(document('golden'), ({ site }) => {
    const controller = site.controllers.get('node-2');
    if (!controller) throw new Error('no node-2');

    expect(() => FAULTS['no-sudo']?.happen(site, controller)).toThrow('no ssh.sudo');
    return Promise.resolve();
  });
});
