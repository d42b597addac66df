import { randomBytes } from 'node:crypto';
import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import { startLocal } from '../../local/deploy';
import { QUICK } from '../workflow/local';
import { client, type ContractSite, until } from './site';

const DAEMONS = ['haproxy', 'magnum-api', 'magnum-conductor'];

/** Starts a simulated site on which everything is quick. */
export async function start(given: Site): Promise<ContractSite> {
  const secrets = Object.fromEntries(
    allSecretNames(given).map((name) => [name, randomBytes(18).toString('base64url')]),
  );
  // Slow enough for what is in progress to be seen in it.
  const speed = given.name === 'openstack' ? 40 : 400;
  const local = await startLocal(given, { speed, timings: { ...QUICK, connectTimeout: 500 }, secrets });
  const { site, deployment } = local;
  const { faults, pacemaker } = site;
  const using = client({ document: site.document, privateKey: site.privateKey, secrets }, deployment);
  const on = (name: string) => {
    const controller = site.controllers.get(name);
    if (!controller) throw new Error(`No controller ${name}`);
    return controller;
  };
  const names = [...site.controllers.keys()];
  return {
    ...using,
    kind: 'simulated',
    document: site.document,
    readFile: (name, path) => Promise.resolve(on(name).files.files.get(path)?.content),
    writeFile: (name, path, content) => {
      const { files } = on(name);
      if (files.exists(path)) files.write(path, content);
      else files.seed(path, content);
      return Promise.resolve();
    },
    removeFile: (name, path) => {
      on(name).files.files.delete(path);
      return Promise.resolve();
    },
    identity: (name, path) => {
      const file = on(name).files.files.get(path);
      return Promise.resolve(file ? `${file.inode} ${file.modified}` : 'absent');
    },
    daemons: (name) => {
      const found = on(name).processes.filter((process) => DAEMONS.includes(process.name));
      return Promise.resolve(found.map(({ startedAt, args }) => `${startedAt} ${args}`));
    },
    stopService: (name, service) => {
      on(name).services.get(service)?.stop();
      return Promise.resolve();
    },
    startService: (name, service) => {
      on(name).services.get(service)?.start();
      return Promise.resolve();
    },
    cut: (name) => {
      faults.unplug(name);
      using.disconnect();
      return Promise.resolve();
    },
    heal: () => {
      faults.plugIn();
      return Promise.resolve();
    },
    powerOff: (name) => {
      faults.powerOff(name);
      using.disconnect();
      return Promise.resolve();
    },
    powerOn: (name) => faults.powerOn(name),
    partition: (name) => {
      faults.cutOff(name);
      return Promise.resolve();
    },
    rejoin: () => {
      faults.healCluster();
      return Promise.resolve();
    },
    stopCluster: (name) => {
      faults.stopCluster(name);
      return Promise.resolve();
    },
    startCluster: (name) => {
      faults.startCluster(name);
      return Promise.resolve();
    },
    settled: (controllers = names) =>
      until(`HAProxy serves on ${controllers.join(', ')}`, () =>
        controllers.every((name) => {
          const view = pacemaker.view(name);
          const started = view?.members.filter(({ state }) => state === 'started').map((member) => member.name) ?? [];
          return (
            view?.quorum === true && view.virtualIp !== undefined && controllers.every((one) => started.includes(one))
          );
        }),
      ),
    close: async () => {
      using.disconnect();
      await local.close();
    },
  };
}
