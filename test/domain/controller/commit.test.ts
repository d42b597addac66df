import { createHash } from 'node:crypto';
import { magnumRule } from '../../../domain/config/iptables';
import { executionId } from '../../../domain/commands/execution';
import { commit } from '../../../domain/controller/commit';
import { fingerprintOf } from '../../../domain/controller/fingerprint';
import type { StagedFile } from '../../../domain/controller/stage';
import { fakeConnection } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const CONF = '/etc/magnum/magnum.conf';
const FRAGMENT = '/etc/haproxy/conf.d/180-magnum.cfg';
const EXECUTION = 'arn:aws:states:eu-west-1:1:execution:magnum-ha:one';
const OWN = `/etc/magnum-ha/${executionId(EXECUTION)}`;
const STAGED_FRAGMENT = `${OWN}/staged/haproxy/conf.d/180-magnum.cfg`;
const STAGED = `${OWN}/staged/magnum.conf`;
/** Of every file of these tests. */
const ACCESS = '0:121 640';
const RULE = `-A INPUT ${magnumRule(golden)
  .map((word) => (word.includes(' ') ? `"${word}"` : word))
  .join(' ')}\n`;

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const staged = (path: string, before: string | null = 'old'): StagedFile => ({
  kind: path === CONF ? 'magnumConf' : 'fragment',
  path,
  digest: fingerprintOf('key', 'new', ACCESS),
  replaces: before === null ? null : fingerprintOf('key', before, ACCESS),
  told: { before: null, after: 'told', key: 'digest-key 12345678' },
  rewritten: true,
});

const RULES = '/etc/iptables/rules.v4';

interface Found {
  readonly files: Readonly<Record<string, string>>;
  /** Owner, group and mode of those that have others than usual. */
  readonly accesses?: Readonly<Record<string, string>>;
  /** Why no file can be read. */
  readonly failure?: string;
  /** What the running firewall has. */
  readonly rules?: string;
  /** Whether there is a file of persistent rules. */
  readonly persistent?: boolean;
}

/** Commits on a controller that is so. @returns what it came to, and the commands that changed something */
async function committing(
  { files, accesses = {}, failure, rules = RULE, persistent = true }: Found,
  wanted: readonly StagedFile[] = [staged(CONF)],
) {
  const { node, ran } = await fakeConnection(golden, {
    answer: (_controller, { argv: [program, path = '', action, last] }) => {
      const absent = { exitCode: 1, stderr: `${program ?? ''}: ${path}: No such file or directory` };
      if (program === 'cat') return path === RULES && persistent ? '' : absent;
      if (program === 'iptables') return action === '-S' ? rules : undefined;
      const of = program === 'stat' ? (last ?? '') : path;
      if (program !== 'sha256sum' && program !== 'stat') return undefined;
      if (failure !== undefined) return { exitCode: 1, stderr: `sha256sum: ${path}: ${failure}` };
      const content = files[of];
      if (program === 'stat')
        return content === undefined
          ? { ...absent, stderr: `stat: ${of}: No such file or directory` }
          : `${accesses[of] ?? ACCESS}\n`;
      return content === undefined ? absent : `${sha256(content)}  ${path}\n`;
    },
  });
  const [result] = await Promise.allSettled([commit(node, wanted, EXECUTION, 'key')]);
  const changing = ran.filter((one) => !/^node-1: (sha256sum |stat |cat |iptables -w -S$|nft list ruleset$)/.test(one));
  return { result, changing: changing.map((one) => one.replace('node-1: ', '')) };
}

describe('files', () => {
  test('the staged one is put in place of the one that was read, and counts as modified then', async () => {
    const { result, changing } = await committing({ files: { [CONF]: 'old', [STAGED]: 'new' } });

    expect(result).toMatchObject({ value: { controller: 'node-1', files: [CONF], firewall: false } });
    expect(changing).toEqual([
      `touch ${STAGED}`,
      'dd if=/proc/uptime of=/run/magnum-ha-magnum.conf status=none',
      `mv -fT ${STAGED} ${CONF}`,
      `rm -rf ${OWN}/staged`,
    ]);
  });

  test('one that was not there is put in place likewise', async () => {
    const found = { files: { [STAGED_FRAGMENT]: 'new' } };

    const { result, changing } = await committing(found, [staged(FRAGMENT, null)]);

    expect(result).toMatchObject({ value: { files: [FRAGMENT] } });
    expect(changing).toEqual([
      `touch ${STAGED_FRAGMENT}`,
      'dd if=/proc/uptime of=/run/magnum-ha-fragment status=none',
      `mv -fT ${STAGED_FRAGMENT} ${FRAGMENT}`,
      `rm -rf ${OWN}/staged`,
    ]);
  });

  test('what is in place already is left', async () => {
    const { result, changing } = await committing({ files: { [CONF]: 'new' } });

    expect(result).toMatchObject({ value: { files: [CONF] } });
    expect(changing).toEqual([`rm -rf ${OWN}/staged`]);
  });

  test('one whose owner or mode alone changes keeps its time: what runs has read it', async () => {
    const mended = { ...staged(CONF), rewritten: false };

    const { changing } = await committing({ files: { [CONF]: 'old', [STAGED]: 'new' } }, [mended]);

    expect(changing).toEqual([`mv -fT ${STAGED} ${CONF}`, `rm -rf ${OWN}/staged`]);
  });

  test('one that would come into place with another mode is refused, as if its content was another', async () => {
    const found = { files: { [CONF]: 'old', [STAGED]: 'new' }, accesses: { [STAGED]: '0:0 644' } };

    const { result } = await committing(found);

    expect(result).toMatchObject({ reason: { name: 'StagedFileChanged' } });
  });

  test.each([
    ['the file in place was changed since it was read', { [CONF]: 'old, and more', [STAGED]: 'new' }],
    ['the file in place is gone', { [STAGED]: 'new' }],
    ['the staged file was changed since it was validated', { [CONF]: 'old', [STAGED]: 'new, and more' }],
    ['the staged file is gone', { [CONF]: 'old' }],
  ])('nothing is touched if %s', async (_, files) => {
    const { result, changing } = await committing({ files });

    expect(result).toMatchObject({
      reason: {
        name: 'StagedFileChanged',
        message: expect.stringMatching(/on node-1 of site golden.*was not touched\. Start again/) as string,
      },
    });
    expect(changing).toEqual([]);
  });

  test('one that cannot be read is told so, rather than that somebody changed it', async () => {
    const { result, changing } = await committing({ files: {}, failure: 'Input/output error' });

    expect(result).toMatchObject({
      reason: { name: 'CommandFailed', message: expect.stringContaining('Input/output error') as string },
    });
    expect(changing).toEqual([]);
  });
});

describe('the running firewall', () => {
  test('gets the rule if it has none', async () => {
    const { result, changing } = await committing({ files: {}, rules: '-P INPUT DROP\n' }, []);

    expect(result).toMatchObject({ value: { firewall: true } });
    expect(changing.slice(1)).toEqual([`iptables -w -I INPUT 1 ${magnumRule(golden).join(' ')}`]);
  });

  test('is never without the rule: the new one comes before the one in the wrong place goes', async () => {
    const { changing } = await committing({ files: {}, rules: `-P INPUT ACCEPT\n-A INPUT -j DROP\n${RULE}` }, []);

    expect(changing.slice(1).map((one) => one.split(' ').slice(2, 5).join(' '))).toEqual(['-I INPUT 1', '-D INPUT 3']);
  });

  test.each([
    ['ufw makes the rules', { rules: '-P INPUT DROP\n-N ufw-user-input\n-A INPUT -j ufw-user-input\n' }],
    ['nothing is closed, and there is no file of rules', { rules: '-P INPUT ACCEPT\n', persistent: false }],
  ])('is left alone if %s', async (_, found) => {
    const { result, changing } = await committing({ files: {}, ...found }, []);

    expect(result).toMatchObject({ value: { firewall: false } });
    expect(changing.slice(1)).toEqual([]);
  });
});
