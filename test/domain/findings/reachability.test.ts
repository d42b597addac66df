import type { Nodes } from '../../../domain/commands/site-connection';
import { reachability } from '../../../domain/findings/reachability';
import { hidesCloud } from '../../../domain/findings/settle';
import { forwardingForbidden } from '../../../domain/ssh/failures';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

const golden = site('golden');

/** What is found where sshd of these controllers forwards to none of these ports. */
async function found(controllers: readonly string[], isForbidden: (port: number) => boolean) {
  const { connection } = await fakeConnection(golden, {});
  const nodes = connection.nodes.map((node) => ({
    ...node,
    tunnel: (host: string, port: number) =>
      Promise.reject(
        controllers.includes(node.name) && isForbidden(port)
          ? forwardingForbidden(`controller ${node.name}`, `${host}:${port}`)
          : new Error('Connection refused'),
      ),
  }));
  return reachability(golden, nodes as unknown as Nodes, true);
}

test('sshd that forwards nothing is one finding, and no service is blamed', async () => {
  const all = golden.controllers.map(({ name }) => name);

  const findings = await found(all, () => true);

  expect(findings).toMatchObject([{ name: 'ForwardingForbidden', severity: 'error' }]);
  expect(findings[0]?.evidence).toMatch(/^sshd on node-1, node-2, node-3 does not forward connections to \S+:3306/);
  expect(findings[0]?.remedy).toContain('AllowTcpForwarding yes');
  expect(hidesCloud(findings)).toBe(true);
});

test('PermitOpen without one of them on one controller: what does not answer is told beside it', async () => {
  const findings = await found(['node-2'], (port) => port === 11211);

  expect(findings[0]?.evidence).toMatch(/^sshd on node-2 does not forward connections to \S+:11211(, \S+:11211)*$/);
  expect(findings.slice(1).find(({ name }) => name === 'MemcachedUnreachable')?.evidence).toContain(
    'node-1 (Connection refused), node-3 (Connection refused)',
  );
});
