import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveOpenStack, type StandInOptions } from './services';

const USAGE = `node --import tsx lab/openstack/stand-in.ts DIRECTORY FILE

Serves the OpenStack of the lab on DIRECTORY/openstack.sock, which the controllers have as /run/openstack, and says so in
one line. FILE is JSON: {"document": site, "secrets": {parameter: value}, "speed": how many times as fast as in truth}.
SIGTERM ends it.`;

async function main([directory, file]: readonly string[]): Promise<void> {
  if (directory === undefined || file === undefined) throw new Error(USAGE);
  const socket = join(directory, 'openstack.sock');
  const close = await serveOpenStack(JSON.parse(readFileSync(file, 'utf8')) as StandInOptions, socket);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
  console.log(`OpenStack serves on ${socket}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
