import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceError } from '../../local/emulator/service-error';
import { putDocument, startVirtual, type VirtualLocal } from '../../local/deploy';
import type { Bucket } from '../../local/emulator/aws/s3';
import { documentWith } from '../domain/site/documents';
import { document } from '../workflow/local';
import { magnumHa, serve } from './cli';

const golden = join(__dirname, '../../sites/golden.json');
let local: VirtualLocal;
let unserve: () => void;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'magnum-ha-cli-'));
  local = await startVirtual(document('golden'), { start: Date.now(), unattended: true });
  unserve = await serve(local);
});
afterAll(async () => {
  unserve();
  await local.close();
  rmSync(folder, { recursive: true });
});

/** Runs the command line against the deployment. */
function cli(args: readonly string[], stdin?: string) {
  return magnumHa(args, stdin === undefined ? {} : { stdin });
}

describe('start and follow', () => {
  test('a check is what is started unless apply is said; --follow shows it and its report', async () => {
    const { code, out } = await cli(['start', 'golden', '--follow']);

    expect(code).toBe(2);
    expect(out).toMatch(/✓ Inspect controllers\n/);
    expect(out).toContain('golden, check: drift. Drift, and nothing was touched: ');
  });

  test('an apply is followed by its name, with what is waited for, in 80 columns', async () => {
    const started = await cli(['start', 'golden', '--mode', 'apply', '--json']);
    const { executionArn } = JSON.parse(started.out) as { executionArn: string };

    const { code, out } = await cli(['follow', executionArn.split(':').at(-1) ?? '']);

    expect(code).toBe(0);
    expect(executionArn).toMatch(/:execution:magnum-ha:golden-apply-\d{8}T\d{9}Z$/);
    expect(out).toMatch(/✓ Stage files node-2\n/);
    expect(out).toMatch(/✓ Disable HAProxy {2}VIP down \d\.\d s\n/);
    expect(out).toMatch(/✓ Wait for cluster swarm-mode-cluster: CREATE_IN_PROGRE….*×2\n/);
    const lines = out.slice(0, out.indexOf('golden, apply')).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  test.each([
    [['start', 'golden', '--stack', 'magnum-hq'], 64, 'Did you mean --stack magnum-ha?'],
    [['follow', 'nobody'], 69, "ExecutionDoesNotExist: Execution Does Not Exist: 'arn:"],
    [['start', 'golden', '--mode', 'aply'], 64, 'Allowed choices are check, apply'],
  ])('%j is refused', async (args, code, told) => {
    const ran = await cli(args);

    expect(ran.code).toBe(code);
    expect(ran.err).toContain(told);
  });

  test('an unknown site fails, with what is known', async () => {
    const { code, out } = await cli(['start', 'goldn', '--follow']);

    expect(code).toBe(1);
    expect(out).toContain('Did you mean golden? Known sites: golden.');
  });
});

test('audit reads an execution of several pages by its name, and says the same as of its file', async () => {
  const file = join(folder, 'events.json');
  const [latest] = local.deployment.listExecutions({ machine: 'magnum-ha' }, 'SUCCEEDED');
  const events = local.deployment.getExecutionHistory(latest?.executionArn ?? '');
  writeFileSync(file, JSON.stringify({ events }));

  const onAws = await cli(['audit', latest?.name ?? '', '--json']);
  const ofFile = await cli(['audit', file, '--json']);

  expect(onAws.code).toBe(0);
  expect(JSON.parse(onAws.out)).toMatchObject({ mode: 'apply', record: { events: events.length, missing: [] } });
  const { commands, ...others } = JSON.parse(onAws.out) as { commands: { command: string }[] };
  expect({ ...others, commands: null }).toEqual(JSON.parse(ofFile.out));
  expect(commands.some(({ command }) => command.includes('cibadmin -M'))).toBe(true);
});

describe('audit of the archive', () => {
  const forgotten = () =>
    jest.spyOn(local.deployment.stepFunctions, 'describeExecution').mockImplementation((arn) => {
      throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    });

  test('an execution that Step Functions has forgotten is told from its record, with its commands', async () => {
    await local.settled();
    const [latest] = local.deployment.listExecutions({ machine: 'magnum-ha' }, 'SUCCEEDED');
    const before = await cli(['audit', latest?.name ?? '', '--json']);
    const spy = forgotten();

    const after = await cli(['audit', latest?.name ?? '', '--json']);
    const unknown = await cli(['audit', 'nobody']);

    spy.mockRestore();
    expect(JSON.parse(after.out)).toEqual(JSON.parse(before.out));
    expect([after.code, unknown.code]).toEqual([0, 64]);
    expect(unknown.err).toContain('There is no execution nobody: neither Step Functions has it');
  });

  test('--since is a matrix of sites, of all that the bucket of the stack has', async () => {
    const html = join(folder, 'month.html');

    const { code, out } = await cli(['audit', '--since', '30d', '--html', html]);
    const ofOne = await cli(['audit', '--since', '1h', '--site', 'goldn', '--json']);

    expect(code).toBe(0);
    expect(out).toMatch(/^The worst of each day from \d{4}-\d\d-\d\d on; .*! refused/);
    expect(out).toMatch(/\ngolden {15}·{30}≠\n/);
    expect(out).toMatch(/\ngolden {15}1 drift, 1 changed; outage [\d.]+( to [\d.]+)? s; about \$0\.\d\d\n/);
    expect(out).toMatch(/golden, apply: \+ Changed, and verified: 9 files/);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>[^]*<th scope="row">golden<\/th>/);
    expect(JSON.parse(ofOne.out)).toMatchObject({
      sites: [{ site: 'goldn', outcomes: { refused: 1 } }],
      executions: [{}],
    });
  });

  test.each([
    [['audit'], 'Name an execution or a file, or --since.'],
    [['audit', 'one', '--since', '1d'], 'Name an execution or a file, or --since.'],
    [['audit', '--since', 'yesterday'], '--since yesterday is no time that has been.'],
    [['audit', '--since', '1d', '--stack', 'other'], 'There is no SSM parameter /other/archive-bucket'],
  ])('%j is refused', async (args, told) => {
    const ran = await cli(args);

    expect(ran.code).toBe(64);
    expect(ran.err).toContain(told);
  });
});

describe('verify', () => {
  const archive = () => [...local.deployment.buckets].find(({ name }) => name.startsWith('archive')) as Bucket;
  const keys = () =>
    archive()
      .list({ prefix: 'records/golden/' })
      .objects.map(({ key }) => key);

  test('reads the records that the deployed function wrote, from the bucket', async () => {
    await local.settled();

    const { code, out } = await cli(['verify', `s3://${archive().name}`]);

    expect(code).toBe(0);
    expect(local.deployment.bus.undelivered).toEqual([]);
    expect(out).toMatch(
      /^golden: 2 records, number 1 to 2\. Digest of the last: [\da-f]{64}\.\ngoldn: 1 record, number 1 to 1\./,
    );
    expect(out.endsWith('All is as it was written.\n')).toBe(true);
  });

  test('takes one record, and names what was altered', async () => {
    const [page = '', record = ''] = keys();
    archive().put(page, 'All was well.');

    const [one, all] = [
      await cli(['verify', `s3://${archive().name}/${record}`]),
      await cli(['verify', `s3://${archive().name}`]),
    ];

    expect([one.code, all.code]).toEqual([1, 1]);
    for (const { out } of [one, all]) expect(out).toContain(`altered ${page}\n`);
    expect(one.out).toContain('golden: 1 record, number 1 to 1.');
  });

  test('says so where there is no record', async () => {
    const { code, err } = await cli(['verify', `s3://${archive().name}/heads/none`]);

    expect(code).toBe(64);
    expect(err).toContain('There is no record in s3://');
  });
});

describe('list', () => {
  test('has the latest execution first, with its status', async () => {
    const { code, out } = await cli(['list', '--limit', '2']);

    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/FAILED .*goldn-check-/) as string,
      expect.stringMatching(/SUCCEEDED .*golden-apply-/) as string,
    ]);
  });

  test('takes a status, and has none of another', async () => {
    const { out } = await cli(['list', '--status', 'ABORTED']);

    expect(out).toBe('No execution.\n');
  });

  test('as JSON has what Step Functions says', async () => {
    const { out } = await cli(['list', '--json', '--status', 'FAILED']);

    expect(JSON.parse(out)).toMatchObject([
      { status: 'FAILED', executionArn: expect.stringContaining('goldn') as string },
    ]);
  });

  test.each(['0', '-3', 'many'])('does not take the limit %s', async (limit) => {
    const { code, err } = await cli(['list', `--limit=${limit}`]);

    expect(code).toBe(64);
    expect(err).toContain('It must be a number from 1 on.');
  });
});

describe('snapshot', () => {
  test('of a check, a cloud is rehearsed as it is; without, it has all that the document names', async () => {
    const [file, out] = ['other.json', 'snapshot.json'].map((name) => join(folder, name)) as [string, string];
    const { clusterTemplates, ...others } = local.site.document;
    const own = clusterTemplates.map((one) => ({ ...one, keypairId: 'operations', flavorId: 'm7.own' }));
    putDocument(local.deployment, 'golden', { ...others, clusterTemplates: own });
    local.site.openstack.cloud.keypairs.push('operations');
    writeFileSync(file, (await cli(['site', 'get', 'golden'])).out);
    const started = await cli(['start', 'golden', '--follow', '--json']);
    const { execution } = JSON.parse(started.out) as { execution: { arn: string } };
    const found = async (...args: string[]) => {
      const { out: printed } = await cli(['rehearse', '--mode', 'check', '--site', file, '--json', ...args]);
      return (JSON.parse(printed) as { findings: { name: string }[] }).findings.map(({ name }) => name);
    };

    const taken = await cli(['snapshot', execution.arn, '--site', file, '--out', out]);

    expect(taken).toMatchObject({ code: 0, err: '' });
    expect(taken.out).toMatch(
      /^golden as it was at 20.*, 1 keypair, 1 volume type; .* most like debian-12\.\nWritten to /,
    );
    expect([await found(), await found('--snapshot', out)]).toEqual([[], ['FlavorMissing']]);
    const another = await cli(['snapshot', execution.arn, '--site', golden, '--out', out]);
    expect([another.code, another.err]).toEqual([64, expect.stringContaining('another version of the document')]);
    putDocument(local.deployment, 'golden', local.site.document);
  });
});

describe('secrets', () => {
  const own = () => {
    const file = join(folder, 'own.json');
    writeFileSync(file, readFileSync(golden, 'utf8').replace('"name": "golden"', '"name": "own"'));
    return file;
  };

  test('check says what is there', async () => {
    const { code, out } = await cli(['secrets', 'check', '--site', golden]);

    expect(code).toBe(0);
    expect(out).toContain('✓ /magnum-ha/golden/rabbit-password: encrypted\n');
  });

  test('check says what is missing; put puts it, encrypted and without the newline, and prints no value', async () => {
    const file = own();

    const before = await cli(['secrets', 'check', '--site', file]);
    const put = await cli(['secrets', 'put', '/magnum-ha/own/openstack-password', '--site', file], 'hunter2-5f0c\n');
    const after = await cli(['secrets', 'check', '--site', file]);

    expect([before.code, put.code, after.code]).toEqual([2, 0, 2]);
    expect(after.out).toContain('✓ /magnum-ha/own/openstack-password: encrypted\n');
    expect(before.out).toContain('✗ /magnum-ha/own/openstack-password: missing\n');
    expect(local.deployment.parameters.get('/magnum-ha/own/openstack-password')).toEqual({
      type: 'SecureString',
      value: 'hunter2-5f0c',
    });
    expect(`${put.out}${put.err}${after.out}`).not.toContain('hunter2');
  });

  test('put leaves what is there, unless that is said', async () => {
    const file = own();
    await cli(['secrets', 'put', '/magnum-ha/own/openstack-password', '--site', file, '--overwrite'], 'first-one');

    const again = await cli(['secrets', 'put', '/magnum-ha/own/openstack-password', '--site', file], 'second-one');
    const overwritten = await cli(
      ['secrets', 'put', '/magnum-ha/own/openstack-password', '--site', file, '--overwrite'],
      'third-one',
    );

    expect([again.code, overwritten.code]).toEqual([64, 0]);
    expect(again.err).toContain('--overwrite');
    expect(local.deployment.parameters.get('/magnum-ha/own/openstack-password')?.value).toBe('third-one');
  });

  test('a key for digests is not needed, is made at random, and is long enough', async () => {
    const file = own();
    const name = '/magnum-ha/own/digest-key';
    const put = (...words: string[]) => cli(['secrets', 'put', name, '--site', file, ...words], 'hunter2-5f0c');

    const before = await cli(['secrets', 'check', '--site', file]);
    const guessed = await put();
    const made = await put('--random');
    const after = await cli(['secrets', 'check', '--site', file]);
    const forSsh = await cli(['secrets', 'put', '/magnum-ha/own/ssh-private-key', '--site', file, '--random']);

    const value = local.deployment.parameters.get(name)?.value ?? '';
    expect([guessed.code, made.code, forSsh.code]).toEqual([64, 0, 64]);
    expect(before.out).toContain(`· ${name}: missing, and not needed\n`);
    expect(after.out).toContain(`✓ ${name}: encrypted\n`);
    expect(guessed.err).toContain('32 characters or more');
    expect(value).toMatch(/^[\w-]{43}$/);
    expect(made.out).not.toContain(value);
  });

  test('put refuses a name that the document has not, and a secret that is too short', async () => {
    const unknown = await cli(['secrets', 'put', '/magnum-ha/own/openstack-pasword', '--site', own()], 'long enough');
    const short = await cli(
      ['secrets', 'put', '/magnum-ha/own/openstack-password', '--site', own(), '--overwrite'],
      'abc',
    );

    expect([unknown.code, short.code]).toEqual([64, 64]);
    expect(unknown.err).toContain('Did you mean /magnum-ha/own/openstack-password?');
    expect(short.err).not.toContain('abc');
  });
});

test('without AWS, errors say what to set', async () => {
  const region = process.env['AWS_REGION'];
  delete process.env['AWS_REGION'];

  const { code, err } = await cli(['list', '--json']);

  process.env['AWS_REGION'] = region;
  expect(code).toBe(69);
  expect(JSON.parse(err)).toMatchObject({
    error: { name: 'AwsUnavailable', message: expect.stringContaining('AWS_REGION') as string },
  });
});

describe('fleet', () => {
  test('before its first run there is nothing to show', async () => {
    const { code, err } = await cli(['fleet']);

    expect([code, err]).toEqual([
      64,
      expect.stringContaining('No run of magnum-ha-fleet has ended. Start one: magnum-ha fleet --start'),
    ]);
  });

  /** Looks, and waits for it. @returns the ARN of the run */
  async function look(sites: string): Promise<string> {
    const started = await cli(['fleet', '--start', sites, '--json']);
    const { executionArn } = JSON.parse(started.out) as { executionArn: string };
    while (local.deployment.describeExecution(executionArn).status === 'RUNNING') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return executionArn;
  }

  test('looks when it is told to, and shows what came of it', async () => {
    const execution = await look('gold*');

    const text = await cli(['fleet']);
    const json = await cli(['fleet', '--json']);

    // An apply has made all as it is wanted.
    expect([text.code, json.code]).toEqual([0, 0]);
    expect(text.out).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}1 site \(gold\*\), \d+ s\n1 as wanted\n$/);
    expect(JSON.parse(json.out)).toMatchObject({
      ...{ execution, asked: 'gold*', counts: { 'as-wanted': 1 } },
      sites: [{ site: 'golden', verdict: 'as-wanted' }],
    });
  });

  test('a site that is not as wanted has a line, with why a check was started; that is exit code 2', async () => {
    putDocument(local.deployment, 'gone', documentWith({ name: 'gone' }));
    await look('go*');

    const file = join(mkdtempSync(join(tmpdir(), 'magnum-ha-')), 'fleet.html');
    const { code, out } = await cli(['fleet', '--html', file]);

    expect(code).toBe(2);
    expect(readFileSync(file, 'utf8')).toContain('SecretMissing');
    expect(out.split('\n').slice(1)).toEqual([
      '1 as wanted, 1 check started',
      '',
      'gone                      check started  SecretMissing',
      '',
    ]);
  });

  test.each(['golden', '*-eu'])('%s is no beginning of names', async (sites) => {
    const { code, err } = await cli(['fleet', '--start', sites]);

    expect([code, err]).toEqual([64, expect.stringContaining('with one * at the end')]);
  });
});

test('a check that Step Functions does not start is not wrong use', async () => {
  const ended = { status: 'FAILED', error: 'States.Permissions', cause: 'refused.' } as const;
  const spy = jest
    .spyOn(local.deployment.stepFunctions, 'describeExecution')
    .mockImplementation((executionArn) => ({ executionArn, stateMachineArn: '', startDate: new Date(0), ...ended }));

  const { code, err } = await cli(['start', 'golden']);

  spy.mockRestore();
  expect(code).toBe(69);
  expect(err).toMatch(/^AwsUnavailable: The check could not be started: States\.Permissions: refused\. See arn:/);
});
