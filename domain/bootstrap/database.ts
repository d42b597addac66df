import { createHash } from 'node:crypto';
import { bootstrapCommands } from '../commands/catalogue';
import type { Node } from '../commands/node';
import { MagnumHaError } from '../errors';
import type { Site } from '../site/document';
import type { Mode } from '../site/load';
import { withInput } from '../ssh/command';
import { type BootstrapItem, type Found, reconcile } from './item';

/** The database server does not let root of a controller make accounts, or not in a way that is known here. */
export class DatabaseAdminRefused extends MagnumHaError {
  override readonly name = 'DatabaseAdminRefused';
}

/** From the controllers through HAProxy, and from the server's own host: an anonymous user there would come first. */
const HOSTS = ['%', 'localhost'];

/** What Magnum does in its database, and magnum-db-manage. */
const PRIVILEGES = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'DROP', 'ALTER', 'INDEX', 'REFERENCES'];

const NATIVE = 'mysql_native_password';

/**
 * Looks for Magnum's database and its user with all privileges on it, as root through the `mysql` client of a controller,
 * and in mode `apply` creates what is missing. The password itself never goes to the server: only its hash does.
 *
 * @throws DatabaseAdminRefused
 */
export async function bootstrapDatabase(node: Node, password: string, mode: Mode): Promise<BootstrapItem[]> {
  const { site } = node;
  const { name: database, user } = site.magnum.database;
  const where = `the database server of ${node.where}`;
  const hash = nativeHash(passwordBytes(site, password));
  // Names in site documents have no quotes and no backslashes.
  const account = (host: string) => `'${user}'@'${host}'`;
  const sql = (...statements: string[]) => query(node, where, statements);

  const [versions, databases, users] = await Promise.all([
    sql('SELECT VERSION() AS version'),
    sql(`SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${database}'`),
    sql(`SELECT * FROM mysql.user WHERE User = '${user}'`),
  ]);
  refuseUnknown(versions[0]?.['version'] ?? '', where, site);
  const grants = await Promise.all(
    ['SCHEMA', 'USER'].map((level) =>
      sql(
        `SELECT * FROM information_schema.${level}_PRIVILEGES WHERE GRANTEE IN (${HOSTS.map((host) => quoted(account(host))).join(', ')})`,
      ),
    ),
  );

  const items = [
    await reconcile(mode, `database ${database}`, databases.length > 0 ? 'same' : 'absent', () =>
      sql(`CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8`),
    ),
  ];
  for (const host of HOSTS) {
    const row = users.find((one) => one['Host'] === host);
    const { found, detail } = passwordOf(row, hash);
    const item = await reconcile(mode, `database user ${account(host)}`, found, () =>
      sql(`GRANT USAGE ON *.* TO ${account(host)} IDENTIFIED BY PASSWORD '${hash}'`),
    );
    items.push({ ...item, ...(detail && { detail }) });
    // In a grant, and in the tables about it, a name is a pattern.
    const pattern = database.replaceAll('_', String.raw`\_`);
    const held = grants.flat().filter(({ GRANTEE, TABLE_SCHEMA = database }) => {
      return GRANTEE === account(host) && [database, pattern].includes(TABLE_SCHEMA);
    });
    const lacks = PRIVILEGES.some((one) => !held.some(({ PRIVILEGE_TYPE }) => PRIVILEGE_TYPE === one));
    items.push(
      await reconcile(mode, `grants on ${database} to ${account(host)}`, lacks ? 'absent' : 'same', () =>
        sql(`GRANT ALL PRIVILEGES ON \`${pattern}\`.* TO ${account(host)}`),
      ),
    );
  }
  return items;
}

/** Whether an account has the password, as far as its row tells. */
function passwordOf(row: Row | undefined, hash: string): { found: Found; detail?: string } {
  if (!row) return { found: 'absent' };
  const { plugin = '', authentication_string: text = '', Password: older = '' } = row;
  if (plugin !== '' && plugin !== NATIVE) {
    return { found: 'same', detail: `Its password was not compared: it authenticates by ${plugin}.` };
  }
  // The column has had two names, and some servers have both.
  return { found: [text, older].includes(hash) ? 'same' : 'differs' };
}

/** The bytes of the password that the site's driver sends. @throws DatabaseAdminRefused */
function passwordBytes({ name, magnum: { database } }: Site, password: string): Buffer {
  if (database.driver !== 'mysql+pymysql') return Buffer.from(password);
  // PyMySQL encodes it so, and fails if it cannot.
  const bytes = Buffer.from(password, 'latin1');
  if (bytes.toString('latin1') === password) return bytes;
  throw new DatabaseAdminRefused(
    `The database password of site ${name} has characters beyond Latin-1, which the driver mysql+pymysql cannot send. Put ` +
      `another one into the SSM parameter ${database.password.ssm}. Nothing was touched.`,
  );
}

/** As servers keep it for mysql_native_password. */
function nativeHash(password: Buffer): string {
  const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest();
  return `*${sha1(sha1(password)).toString('hex').toUpperCase()}`;
}

function refuseUnknown(version: string, where: string, { magnum: { database } }: Site): void {
  // From 8 on accounts are made differently, and PyMySQL needs further packages to log in to them.
  if (/mariadb/i.test(version) || Number.parseInt(version) < 8) return;
  throw new DatabaseAdminRefused(
    `On ${where} runs ${version}: accounts are made on MariaDB and on MySQL before 8 only. Make the database ` +
      `${database.name} and the user ${database.user} by hand, and take "database" out of bootstrap in the site document.`,
  );
}

/** A row by the names of its columns. */
type Row = Readonly<Record<string, string>>;

/** Runs statements as root. @returns the rows of the only SELECT among them */
async function query(node: Node, where: string, statements: string[]): Promise<Row[]> {
  const { sql } = bootstrapCommands(node.site).database;
  const { exitCode, stdout, stderr } = await node.attempt(withInput(sql, `${statements.join(';\n')};\n`));
  if (exitCode !== 0) {
    // After the number the message may quote the statement, and the hash in it.
    const [number] = /ERROR \d+ \(\w+\)/.exec(stderr) ?? [];
    const reason = exitCode === 127 ? 'there is no mysql client' : (number ?? 'see `mysql` there for the reason');
    throw new DatabaseAdminRefused(
      `${capital(where)} does not let root make or see accounts: ${reason}. Check that \`mysql\` as root gets in there, with ` +
        '/root/.my.cnf or by the local socket, and may create users; or make the database and its user by hand, and take ' +
        '"database" out of bootstrap in the site document.',
    );
  }
  const [names = [], ...rows] = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(unescape));
  return rows.map((row) => Object.fromEntries(row.map((value, index) => [names[index] ?? '', value])));
}

/** Values as the client prints them with --batch. */
function unescape(value: string): string {
  const meanings: Record<string, string> = { n: '\n', t: '\t', '0': '\0' };
  return value.replace(/\\(.)/g, (_, character: string) => meanings[character] ?? character);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
