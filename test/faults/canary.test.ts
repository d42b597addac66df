import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Site } from '../../domain/site/document';
import { allSecretNames } from '../../domain/secrets/references';
import type { ExecutionResult } from '../../local/emulator/asl';
import type { HistoryEvent } from '../../domain/audit/history';
import { Progress } from '../../cli/progress';
import { auditText } from '../../cli/audit-text';
import { audit } from '../../domain/audit/audit';
import { page } from '../../domain/audit/page';
import type { Local } from '../../local/deploy';
import { readOsloConfig } from '../../local/simulated-site/oslo-config';
import type { Bucket } from '../../local/emulator/aws/s3';
import { generateKeyPair } from '../../local/simulated-site/ssh-server';
import { style } from '../../cli/style';
import { document, fileOn, reportOf, withLocal } from '../workflow/local';

const golden = document('golden');
/** The same on a site if nobody has made Magnum's accounts: passwords go to all places where they are kept. */
const fresh: Site = { ...golden, bootstrap: ['database', 'schema', 'rabbitmq', 'keystone'] };

/**
 * Every secret a text of its own, with all that shells, URLs, JSON, Python and oslo.config could stumble over. RabbitMQ's has
 * no slash, which oslo.messaging takes in no form.
 */
const secrets = Object.fromEntries(
  allSecretNames(golden).map((name, index) => [
    name,
    name === golden.ssh.privateKey.ssm
      ? generateKeyPair().private
      : `${index}canary "q" 'a' $HOME \${x} 100% %s \\n \\\\ #h ;s @:${name.includes('rabbit') ? '' : '/'}? é\nline two of ${index}`,
  ]),
);

describe('canary', () => {
  it('every secret arrives intact in the database, RabbitMQ and Keystone', async () => {
    await withLocal(
      fresh,
      async ({ deployment, site }) => {
        reportOf(await deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply' } }).result);

        const { database, rabbitmq, identity } = site.openstack.backing;
        const passwordOf = (name: string) => identity.users.find((user) => user.name === name)?.password;
        expect(database.users.get('magnum@%')).toBe(`*${databaseHash()}`);
        expect(rabbitmq.users.get('magnum')?.password).toBe(secrets['/magnum-ha/golden/rabbit-password']);
        expect(passwordOf('magnum')).toBe(secrets['/magnum-ha/golden/keystone-password']);
        expect(passwordOf('magnum_domain_admin')).toBe(secrets['/magnum-ha/golden/trustee-password']);
      },
      { secrets, bare: fresh.bootstrap },
    );
  });

  it('every secret arrives intact in magnum.conf', async () => {
    await withLocal(
      golden,
      async (local) => {
        reportOf(await local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply' } }).result);

        for (const { name } of golden.controllers) {
          const conf = readOsloConfig('magnum.conf', fileOn(local, name, '/etc/magnum/magnum.conf') ?? '');
          const password = (section: string, option: string) => conf(section, option);
          expect(password('keystone_authtoken', 'password')).toBe(secrets['/magnum-ha/golden/keystone-password']);
          expect(password('keystone_auth', 'password')).toBe(secrets['/magnum-ha/golden/keystone-password']);
          expect(password('trust', 'trustee_domain_admin_password')).toBe(
            secrets['/magnum-ha/golden/trustee-password'],
          );
          const database = new URL(password('database', 'connection') ?? '');
          expect(decodeURIComponent(database.password)).toBe(secrets['/magnum-ha/golden/database-password']);
          const [first = ''] = (password('DEFAULT', 'transport_url') ?? '').split(',');
          expect(decodeURIComponent(new URL(first).password)).toBe(secrets['/magnum-ha/golden/rabbit-password']);
        }
      },
      { secrets },
    );
  });

  it('no secret shows anywhere when all goes well', async () => {
    await withLocal(
      fresh,
      async (local) => {
        const seen = await watch(local);

        expect(seen.result.status).toBe('SUCCEEDED');
        expect(seen.texts['archive']).toContain('cibadmin');
        expect(leaks(seen.texts)).toEqual([]);
      },
      { secrets, bare: fresh.bootstrap },
    );
  });

  it.each([
    { program: 'cat', knows: 'files' },
    { program: 'dd', knows: 'files' },
    { program: 'haproxy', knows: 'files' },
    { program: 'magnum-conductor', knows: 'files' },
    { program: 'iptables-restore', knows: 'files' },
    { program: 'service', knows: 'files' },
    ...['touch', 'ls', 'chown', 'chmod', 'cp', 'rm', 'mkdir', 'stat', 'date'].map((program) => ({
      program,
      knows: 'its input',
    })),
    { program: 'sha256sum', knows: 'its input' },
    { program: 'iptables', knows: 'its input' },
    { program: 'mv', knows: 'its input' },
    { program: 'pcs', knows: 'its input' },
    { program: 'ps', knows: 'its input' },
    { program: 'crm_mon', knows: 'its input' },
    { program: 'cibadmin', knows: 'its input' },
    { program: 'grep', knows: 'its input' },
    ...['env', 'rabbitmqctl', 'magnum-db-manage'].map((program) => ({ program, knows: 'files', site: fresh })),
  ])(
    'no secret shows anywhere when every $program fails and prints all it knows: $knows',
    async ({ program, knows, site = golden }: { program: string; knows: string; site?: Site }) => {
      await withLocal(
        site,
        async (local) => {
          const spill =
            knows === 'files'
              ? Object.values(secrets)
                  .flatMap((value) => formsOf(value))
                  .join('\n')
              : '';
          local.site.faults.onCommand((_host, argv) =>
            argv[0] === program || argv[4] === program
              ? { exit: knows === 'files' ? 1 : 2, stderr: spill, stdout: spill, echoStdinToStderr: true }
              : undefined,
          );

          const seen = await watch(local);

          // The job is done without these: `ls` looks for what older executions kept, `pcs` ends a disable of others.
          expect(seen.result.status).toBe(['ls', 'pcs'].includes(program) ? 'SUCCEEDED' : 'FAILED');
          expect(leaks(seen.texts)).toEqual([]);
        },
        { secrets, bare: site.bootstrap },
      );
    },
  );

  it('no secret shows anywhere when Keystone refuses the password', async () => {
    await withLocal(
      golden,
      async (local) => {
        const changed = `${secrets['/magnum-ha/golden/openstack-password'] ?? ''} changed`;
        local.deployment.parameters.set('/magnum-ha/golden/openstack-password', {
          type: 'SecureString',
          value: changed,
        });

        const seen = await watch(local);

        expect(seen.result.error).toBe('PreflightRefused');
        expect(seen.result.cause).toContain('OpenStackUserRefused');
        expect(leaks(seen.texts)).toEqual([]);
      },
      { secrets },
    );
  });
});

/** Runs an execution and collects every text that people can see of it. */
async function watch(local: Local): Promise<{ result: ExecutionResult; texts: Record<string, string> }> {
  const printed: string[] = [];
  const terminal = { write: (text: string) => printed.push(text), interactive: false };
  const progress = new Progress(terminal, style(true));
  const onEvent = (event: HistoryEvent) => {
    progress.take(event);
  };
  const result = await local.deployment.start('magnum-ha', { input: { site: 'golden', mode: 'apply' }, onEvent })
    .result;
  await local.settled();
  const audited = audit({ events: result.events, logs: local.logs.map(({ text }) => text) });
  printed.push(auditText(audited, style(true)), page(audited), JSON.stringify(audited));
  const [{ file } = { file: '' }] = local.deployment.functions.values();
  return {
    result,
    texts: {
      history: JSON.stringify(result.events),
      output: JSON.stringify(result.output ?? null),
      error: `${result.error ?? ''} ${result.cause ?? ''}`,
      printed: printed.join(''),
      logs: local.logs.map(({ text }) => text).join('\n'),
      commandLines: local.site.record.commands.map(({ command }) => command).join('\n'),
      archive: [...local.deployment.buckets].flatMap(textsIn).join('\n'),
      environment: JSON.stringify([...local.deployment.functions.values()]),
      arguments: JSON.stringify([process.argv, process.execArgv]),
      assembly: filesBelow(join(dirname(file), '..')),
    },
  };
}

function textsIn(bucket: Bucket): string[] {
  return bucket.list({ prefix: 'records/' }).objects.map(({ body }) => body.toString());
}

/** What the database server keeps of its password; PyMySQL sends Latin-1. Who has it can guess until the password fits. */
function databaseHash(): string {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();
  const bytes = Buffer.from(secrets['/magnum-ha/golden/database-password'] ?? '', 'latin1');
  return sha1(sha1(bytes)).toString('hex').toUpperCase();
}

/** Where a secret shows, and which. */
function leaks(texts: Record<string, string>): string[] {
  const all = { ...secrets, hash: databaseHash() };
  return Object.entries(all).flatMap(([name, value]) =>
    formsOf(value).flatMap((form) =>
      Object.entries(texts).flatMap(([place, text]) => (text.includes(form) ? [`${name} in ${place}: ${form}`] : [])),
    ),
  );
}

/** A secret as it is, in base64, URL-encoded and JSON-escaped up to twice, and each of its lines. */
function formsOf(value: string): string[] {
  const escaped = JSON.stringify(value).slice(1, -1);
  const lines = value.split('\n').filter((line) => line.length > 10 && !line.startsWith('-----'));
  return [
    value,
    Buffer.from(value).toString('base64'),
    encodeURIComponent(value),
    escaped,
    JSON.stringify(escaped).slice(1, -1),
    ...lines,
    ...lines.map((line) => JSON.stringify(line).slice(1, -1)),
  ];
}

function filesBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}
