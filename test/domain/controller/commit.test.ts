import { createHash } from 'node:crypto';
import { commit } from '../../../domain/controller/commit';
import type { StagedFile } from '../../../domain/controller/stage';
import { keyedDigest } from '../../../domain/secrets/secrets';
import { node1, site } from '../sites';
import { fakeSession } from '../fake-session';

const golden = site('golden');
const controller = node1(golden);
const PATH = '/etc/magnum/magnum.conf';
const STAGED = `${PATH}.magnum-ha-staged`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const file: StagedFile = {
  path: PATH,
  digest: keyedDigest('key', sha256('new')),
  replaces: keyedDigest('key', sha256('old')),
};

/** Commits on a controller with these files. @returns what it came to, and the commands that change something */
function committing(files: Record<string, string | undefined>, failure?: string) {
  const { session, ran } = fakeSession({
    answer: (_controller, [program, path = '']) => {
      if (program !== 'sha256sum') return undefined;
      if (failure !== undefined) return { exitCode: 1, stderr: `sha256sum: ${path}: ${failure}` };
      const content = files[path];
      return content === undefined
        ? { exitCode: 1, stderr: `sha256sum: ${path}: No such file or directory` }
        : `${sha256(content)}  ${path}\n`;
    },
  });
  const result = session.controller(controller).then((remote) => commit(remote, controller, golden, [file], 'key'));
  const changing = () => ran.filter((one) => /: (cp|mv|rm) /.test(one));
  return { result, changing };
}

describe('commit', () => {
  test('keeps the file in place and puts the staged one there', async () => {
    const { result, changing } = committing({ [PATH]: 'old', [STAGED]: 'new' });

    await expect(result).resolves.toMatchObject({ files: [PATH] });
    expect(changing()).toEqual([
      `node-1: cp -a ${PATH} ${PATH}.magnum-ha-previous`,
      `node-1: mv -fT ${STAGED} ${PATH}`,
    ]);
  });

  test('leaves what is in place already', async () => {
    const { result, changing } = committing({ [PATH]: 'new' });

    await expect(result).resolves.toMatchObject({ files: [PATH] });
    expect(changing()).toEqual([]);
  });

  test.each([
    ['the file in place was changed since it was read', { [PATH]: 'old, and more', [STAGED]: 'new' }],
    ['the file in place is gone', { [STAGED]: 'new' }],
    ['the staged file was changed since it was validated', { [PATH]: 'old', [STAGED]: 'new, and more' }],
    ['the staged file is gone', { [PATH]: 'old' }],
  ])('touches nothing where %s', async (_, files) => {
    const { result, changing } = committing(files);

    await expect(result).rejects.toMatchObject({ name: 'StagedFileChanged' });
    await expect(result).rejects.toThrow(/on node-1 of site golden.*was not touched\. Start again/);
    expect(changing()).toEqual([]);
  });

  test('says why a file cannot be read, rather than that somebody changed it', async () => {
    const { result, changing } = committing({}, 'Input/output error');

    await expect(result).rejects.toMatchObject({ name: 'CommandFailed' });
    await expect(result).rejects.toThrow('Input/output error');
    expect(changing()).toEqual([]);
  });
});
