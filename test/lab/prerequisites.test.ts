import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prerequisites } from '../../lab/aws/prerequisites';

test('without Python 3.13 it is said that LocalStack needs it', () => {
  const { PATH, HOME } = process.env;
  const nothing = mkdtempSync(join(tmpdir(), 'magnum-ha-nothing-'));
  Object.assign(process.env, { PATH: nothing, HOME: nothing });
  try {
    expect(prerequisites()).toBe('LocalStack needs Python 3.13 (Debian 13 has it, and pyenv).');
  } finally {
    Object.assign(process.env, { PATH, HOME });
    rmSync(nothing, { recursive: true });
  }
});
