import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { catalogue } from '../../../domain/commands/catalogue';
import { commandLine } from '../../../domain/ssh/command-line';
import { connectBySsh } from '../../../domain/ssh/transport';
import { realClock } from '../../../domain/world';
import type { SshFront } from '../../../local/simulated-site/ssh-server';
import { type SshLab, startSshLab } from '../../local/simulated-site/ssh-client';

const ONE_WAY_MS = 60;

let lab: SshLab;
beforeEach(async () => {
  lab = await startSshLab();
});
afterEach(() => lab.close());

/** Something in front of a port that passes everything on late. It takes TCP connections itself, at once. */
async function delaying(port: number, milliseconds: number): Promise<{ port: number; close(): void }> {
  const pass = (from: Socket, to: Socket) => {
    const later = (action: () => void) => setTimeout(action, milliseconds);
    from.on('data', (chunk: Buffer) => later(() => to.write(chunk)));
    from.on('close', () => later(() => to.destroy()));
    from.on('error', () => undefined);
  };
  const server = createServer({ noDelay: true }, (client) => {
    const target = connect({ port, host: '127.0.0.1', noDelay: true });
    pass(client, target);
    pass(target, client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

/** Milliseconds from nothing to what the first commands on a controller came to. */
async function coldRun({ document, privateKey }: SshFront, delay: number): Promise<number> {
  const relay = await delaying(document.bastion.port, delay);
  const [controller] = document.controllers;
  const { date, processes } = catalogue(document);
  const started = performance.now();
  const transport = await connectBySsh(realClock, {
    site: { ...document, bastion: { ...document.bastion, port: relay.port } },
    privateKey,
    expected: [controller],
  });
  const link = await transport.controller(controller);
  await Promise.all([date, processes].map((command) => link.execute(commandLine(command, false), command)));
  const took = performance.now() - started;
  transport.close();
  relay.close();
  return took;
}

test('from cold to the first outcome on a controller takes 14 round trips at most', async () => {
  // The fastest of several tells what it takes where nothing else is done on the machine.
  const fastest = async (runs: number, delay: number) => {
    let best = Infinity;
    for (let run = 0; run < runs; run += 1) best = Math.min(best, await coldRun(lab.front, delay));
    return best;
  };
  await coldRun(lab.front, 0);

  const near = await fastest(8, 0);
  const far = await fastest(2, ONE_WAY_MS);

  // One more for the TCP connection, which the relay takes at once.
  const roundTrips = (far - near) / (2 * ONE_WAY_MS) + 1;
  expect(roundTrips).toBeLessThanOrEqual(14);
  // Fewer than the protocol needs would mean that the delay does not work.
  expect(roundTrips).toBeGreaterThan(6);
});
