import { hurriedClock } from '../../lab/hurried-clock';
import { labEnvironment } from '../../lab/enter';
import { labImage } from '../../lab/image';
import { startLab } from '../../lab/lab';
import type { Site } from '../../domain/site/document';
import { synthesized } from '../../local/emulator/assembly';
import { deploy } from '../../local/deploy';
import { client, type ContractSite } from './site';

/** How many times as fast as in truth clusters are created. */
const SPEED = 60;
const COROSYNC_PORT = '5405';
/** A line of ps that begins with the program, which an interpreter may run; agents have HAProxy's name in theirs too. */
const DAEMONS = /^ *\d+ (\S+ )?\S*\/(haproxy|magnum-api|magnum-conductor) /;

/** Starts a site of real daemons; that of the document `openstack` has all of OpenStack, too. */
export async function start(document: Site): Promise<ContractSite> {
  const profile = document.name === 'openstack' ? 'full' : 'controllers';
  const speed = profile === 'full' ? 1 : SPEED;
  const image = await labImage(() => undefined, { profile });
  const lab = await startLab({
    document,
    profile,
    image,
    magnumApi: 'program',
    directory: labEnvironment().directory,
    speed,
  });
  const template = await synthesized();
  const deployment = await deploy({ template, site: lab, clock: hurriedClock(speed), log: () => undefined });
  const using = client(lab, deployment);
  const names = lab.document.controllers.map(({ name }) => name);

  /** What a program prints. @throws Error where it fails */
  const output = async (host: string, argv: readonly string[], stdin?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await lab.exec(host, argv, stdin);
    if (exitCode !== 0) throw new Error(`${argv.join(' ')} on ${host}: exit ${exitCode}: ${stderr}`);
    return stdout;
  };
  // In another table than filter: the workflow looks at that one.
  const corosync = async (host: string, action: '-A' | '-D') => {
    const drop = ['-p', 'udp', '--dport', COROSYNC_PORT, '-j', 'DROP'];
    await output(host, ['iptables', '-w', '-t', 'raw', action, 'PREROUTING', '-i', 'br-mgmt', ...drop]);
    await output(host, ['iptables', '-w', '-t', 'raw', action, 'OUTPUT', '-o', 'br-mgmt', ...drop]);
  };
  const partitioned = new Set<string>();

  return {
    ...using,
    kind: 'lab',
    document: lab.document,
    readFile: async (name, path) => {
      const { exitCode, stdout } = await lab.exec(name, ['cat', path]);
      return exitCode === 0 ? stdout : undefined;
    },
    writeFile: async (name, path, content) => {
      await output(name, ['tee', path], content);
    },
    removeFile: async (name, path) => {
      await output(name, ['rm', '-f', path]);
    },
    identity: async (name, path) => {
      const { exitCode, stdout } = await lab.exec(name, ['stat', '-c', '%i %y', path]);
      return exitCode === 0 ? stdout : 'absent';
    },
    daemons: async (name) => {
      const lines = (await output(name, ['ps', '-eo', 'pid=,args='])).trimEnd().split('\n');
      return lines.filter((line) => DAEMONS.test(line));
    },
    stopService: async (name, service) => {
      // A conductor takes ten seconds to end on its own.
      await output(name, ['sh', '-c', 'pkill -KILL -f "/usr/bin/$0 " || true', service]);
      await output(name, ['service', service, 'stop']);
    },
    startService: async (name, service) => {
      await output(name, ['service', service, 'start']);
    },
    cut: async (name) => {
      await lab.cut(name);
      using.disconnect();
    },
    heal: (name) => lab.heal(name),
    powerOff: async (name) => {
      await lab.powerOff(name);
      using.disconnect();
    },
    powerOn: async (name) => {
      await lab.powerOn(name);
      const { port } = lab.document.controllers.find((one) => one.name === name) ?? { port: 22 };
      const neighbour = names.find((one) => one !== name) ?? name;
      const { address = '' } = lab.document.controllers.find((one) => one.name === name) ?? {};
      await using.until(`sshd answers on ${name}`, () => using.reaches(neighbour, address, port));
    },
    partition: async (name) => {
      await corosync(name, '-A');
      partitioned.add(name);
    },
    rejoin: async () => {
      for (const name of partitioned) await corosync(name, '-D');
      partitioned.clear();
    },
    stopCluster: async (name) => {
      // Nobody waits for it: it stays a zombie.
      await output(name, ['sh', '-c', 'pkill -x pacemakerd; while pgrep -r R,S,D -x pacemakerd; do sleep .1; done']);
      await output(name, ['service', 'corosync', 'stop']);
    },
    startCluster: async (name) => {
      await output(name, ['sh', '-c', 'service corosync start; setsid pacemakerd > /dev/null 2>&1 &']);
    },
    settled: (controllers) => lab.settled(controllers),
    close: async () => {
      using.disconnect();
      await deployment.close();
      await lab.stop();
    },
  };
}
