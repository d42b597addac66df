import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteAt } from '../cli/files';
import type { MeasuredCheck } from '../domain/audit/monthly';
import { startLocal } from '../local/deploy';
import { cleanCheck, withControllers } from './clean-check';
import { table } from './figures';

const ROOT = join(__dirname, '..');
const CONTROLLERS = [3, 12, 24];

/**
 * Measures what a check of a clean site takes, with the bundles that are deployed and over real SSH, and writes it where the
 * command cost reads it. Functions are warm, and their time is that of this machine.
 */
async function main(): Promise<void> {
  const golden = siteAt(join(ROOT, 'sites', 'golden.json'));
  const measured: MeasuredCheck[] = [];
  for (const count of CONTROLLERS) {
    const local = await startLocal(withControllers(golden, count));
    measured.push(await cleanCheck(local));
    await local.close();
  }
  const file = join(ROOT, 'domain', 'audit', 'measured-checks.json');
  writeFileSync(file, `${JSON.stringify(measured, null, 2)}\n`);
  const names = Object.keys(measured[0] ?? {}) as (keyof MeasuredCheck)[];
  console.log(table([names, ...measured.map((one) => names.map((name) => one[name]))]));
}

void main();
