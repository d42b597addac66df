import { type Incidents, RehearsalImpossible } from './incident';

/** By name, what can be broken while executions run. */
export const FAULTS: Incidents = {
  'haproxy-will-not-stop': {
    summary: 'HAProxy survives its stop',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.haproxyWillNotStop(name);
    },
  },
  'haproxy-will-not-start': {
    summary: 'HAProxy does not start again',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.haproxyWillNotStart(name);
    },
  },
  'disk-full': {
    summary: 'no space is left',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.diskFull(name);
    },
  },
  'read-only': {
    summary: '/etc is mounted read-only',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.readOnly(name);
    },
  },
  'no-sudo': {
    summary: 'sudo asks for a password',
    on: 'controller',
    happen: ({ document, faults }, { name }) => {
      if (!document.ssh.sudo) throw new RehearsalImpossible('The site document has no ssh.sudo: sudo is not used.');
      faults.noSudo(name);
    },
  },
  'clock-ahead': {
    summary: 'the clock is an hour fast',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.setClock(name, HOUR_MS);
    },
  },
  'host-key-changed': {
    summary: 'its host key is not that of the document',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.rotateHostKey(name);
    },
  },
  'logins-refused': {
    summary: 'its sshd lets nobody in',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.refuseLogins(name);
    },
  },
  unreachable: {
    summary: 'SSH cannot reach it; corosync still hears it',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.unreachable(name);
    },
  },
  unplugged: {
    summary: 'its management network is gone, for corosync, too',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.unplug(name);
    },
  },
  'power-off': {
    summary: 'it has no power',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.powerOff(name);
    },
  },
  'cluster-stopped': {
    summary: 'corosync and pacemaker are stopped',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.stopCluster(name);
    },
  },
  'cut-off': {
    summary: 'corosync hears nobody else; SSH still reaches it',
    on: 'controller',
    happen: ({ faults }, { name }) => {
      faults.cutOff(name);
    },
  },
  'bastion-down': { summary: "the bastion's sshd is gone", on: 'site', happen: ({ faults }) => faults.bastionDown() },
  'no-quorum': {
    summary: 'no controller hears another: there is no quorum',
    on: 'site',
    happen: ({ faults }) => {
      faults.loseQuorum();
    },
  },
  unmanaged: {
    summary: 'pacemaker does not manage HAProxy (is-managed)',
    on: 'site',
    happen: ({ faults }) => {
      faults.unmanaged();
    },
  },
  'maintenance-mode': {
    summary: 'pacemaker is in maintenance mode',
    on: 'site',
    happen: ({ faults }) => {
      faults.maintenanceMode();
    },
  },
  'keystone-down': {
    summary: 'Keystone is down',
    on: 'site',
    happen: ({ openstack }) => {
      openstack.faults.keystoneDown = true;
    },
  },
  'cluster-stuck': {
    summary: 'Magnum clusters get no further',
    on: 'site',
    happen: ({ openstack }) => {
      openstack.faults.clusterStuck = true;
    },
  },
  'cluster-fails': {
    summary: 'the next Magnum cluster fails in Heat',
    on: 'site',
    happen: ({ openstack }) => {
      openstack.faults.nextClusterFails({ 'default-master': 'ResourceInError: resources.kube_masters: no valid host' });
    },
  },
};

const HOUR_MS = 3_600_000;
