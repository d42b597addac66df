import { run } from '../../lab/run';

/** Runs a program on this machine. @returns what it printed @throws Error if it fails */
export async function checked(...argv: string[]): Promise<string> {
  const [program = '', ...args] = argv;
  const { exitCode, stdout, stderr } = await run(program, args);
  if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return stdout;
}
