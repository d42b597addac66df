import { randomBytes } from 'node:crypto';
import { allSecretNames } from '../../domain/secrets/references';
import type { Site } from '../../domain/site/document';
import { startVirtual } from '../../local/deploy';
import type { VirtualClock } from '../../local/virtual-clock';
import { client, type Client, type ContractSite } from './site';

const DAEMONS = ['haproxy', 'magnum-api', 'magnum-conductor'];

/** Starts a simulated site, without a wire. Virtual time passes while something is asked of it. */
export async function start(given: Site): Promise<ContractSite> {
  const secrets = Object.fromEntries(
    allSecretNames(given).map((name) => [name, randomBytes(18).toString('base64url')]),
  );
  const local = await startVirtual(given, { secrets });
  const { site, deployment } = local;
  const { faults, pacemaker } = site;
  const driven = driver(local.clock);
  const asked = client(
    {
      document: site.document,
      privateKey: secrets[site.document.ssh.privateKey.ssm] ?? '',
      secrets,
      world: { clock: site.clock, connect: site.connect },
    },
    deployment,
  );
  const using: Client = {
    ...asked,
    execute: (...args) => driven(asked.execute(...args)),
    run: (...args) => driven(asked.run(...args)),
    runWithSudo: (...args) => driven(asked.runWithSudo(...args)),
    reaches: (...args) => driven(asked.reaches(...args)),
    request: (...args) => driven(asked.request(...args)),
    until: (...args) => driven(asked.until(...args)),
    sleep: (ms) => driven(asked.sleep(ms)),
  };
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
    powerOn: (name) => driven(faults.powerOn(name)),
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
      using.until(`HAProxy serves on ${controllers.join(', ')}`, () =>
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
      await driven(local.close());
    },
  };
}

/** Drives a clock as long as anything is waited for. */
function driver(clock: VirtualClock): <T>(work: Promise<T>) => Promise<T> {
  const waiting = new Set<Promise<unknown>>();
  let driving = false;
  const all = async () => {
    while (waiting.size > 0) await Promise.race(waiting);
  };
  const drive = async () => {
    driving = true;
    while (waiting.size > 0) await clock.drive(all());
    driving = false;
  };
  return (work) => {
    // Whoever waits for the work itself hears of a failure.
    const done: Promise<unknown> = work.catch(() => undefined).finally(() => waiting.delete(done));
    waiting.add(done);
    if (!driving) void drive();
    return work;
  };
}
