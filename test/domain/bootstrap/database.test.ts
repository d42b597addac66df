import { bootstrapDatabase } from '../../../domain/bootstrap/database';
import type { Site } from '../../../domain/site/document';
import { fakeConnection, type Reply } from '../fakes';
import { site } from '../sites';

const golden = site('golden');
const MARIADB = 'version\n10.11.18-MariaDB-0+deb12u1\n';
/** SHA1(SHA1(password)), as `SELECT PASSWORD('password')` gives it. */
const HASH = '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19';

/** A controller whose mysql comes to this, by the statements that it reads. */
const nodeWith = (answer: (sql: string) => Reply, document: Site = golden) =>
  fakeConnection(document, { answer: (_, { stdin = '' }) => answer(stdin) });

/** One of a server that has nothing but what is given, by words of the query. */
const server = (rows: Record<string, string> = {}, document: Site = golden) =>
  nodeWith((sql) => {
    if (sql.startsWith('SELECT VERSION')) return rows['version'] ?? MARIADB;
    return Object.entries(rows).find(([words]) => sql.includes(words))?.[1] ?? '';
  }, document);

const writes = (inputs: string[]) => inputs.filter((sql) => !sql.startsWith('SELECT'));

test('what is missing is made by these statements, with the hash of the password alone', async () => {
  const { node, inputs } = await server();

  await bootstrapDatabase(node, 'password', 'apply');

  expect(writes(inputs)).toEqual([
    'CREATE DATABASE IF NOT EXISTS `magnum` CHARACTER SET utf8;\n',
    `GRANT USAGE ON *.* TO 'magnum'@'%' IDENTIFIED BY PASSWORD '${HASH}';\n`,
    "GRANT ALL PRIVILEGES ON `magnum`.* TO 'magnum'@'%';\n",
    `GRANT USAGE ON *.* TO 'magnum'@'localhost' IDENTIFIED BY PASSWORD '${HASH}';\n`,
    "GRANT ALL PRIVILEGES ON `magnum`.* TO 'magnum'@'localhost';\n",
  ]);
});

test("a name's underscore is no wildcard in a grant", async () => {
  const named = site('golden', ({ magnum }) => (magnum.database.name = 'magnum_db'));
  const { node, inputs } = await server({}, named);

  await bootstrapDatabase(node, 'password', 'apply');

  expect(writes(inputs)).toContain("GRANT ALL PRIVILEGES ON `magnum\\_db`.* TO 'magnum'@'%';\n");
});

const privileges = 'SELECT INSERT UPDATE DELETE CREATE DROP ALTER INDEX REFERENCES'.split(' ');
/** As `mysql --batch` prints a grant on magnum_db: a backslash is two. */
const granted = (names: string[]) =>
  `GRANTEE\tTABLE_SCHEMA\tPRIVILEGE_TYPE\n${names.map((one) => `'magnum'@'%'\tmagnum\\\\_db\t${one}\n`).join('')}`;

test.each([
  ['all of them', privileges, 'unchanged'],
  ['all but one', privileges.slice(1), 'missing'],
])('grants are looked at one by one: %s', async (_, names, action) => {
  const named = site('golden', ({ magnum }) => (magnum.database.name = 'magnum_db'));
  const { node } = await server({ SCHEMA_PRIVILEGES: granted(names) }, named);

  const items = await bootstrapDatabase(node, 'password', 'check');

  expect(items.find(({ name }) => name === "grants on magnum_db to 'magnum'@'%'")?.action).toBe(action);
});

test('global privileges will do', async () => {
  const rows = privileges.map((one) => `'magnum'@'%'\tdef\t${one}\n`).join('');
  const { node } = await server({ USER_PRIVILEGES: `GRANTEE\tTABLE_CATALOG\tPRIVILEGE_TYPE\n${rows}` });

  const items = await bootstrapDatabase(node, 'password', 'check');

  expect(items.find(({ name }) => name === "grants on magnum to 'magnum'@'%'")?.action).toBe('unchanged');
});

test.each([
  ['MySQL 5.6', 'Host\tUser\tPassword\tplugin\tauthentication_string', `%\tmagnum\t${HASH}\t\t`, 'unchanged'],
  ['MySQL 5.7', 'Host\tUser\tplugin\tauthentication_string', `%\tmagnum\tmysql_native_password\t${HASH}`, 'unchanged'],
  ['another password', 'Host\tUser\tplugin\tauthentication_string', `%\tmagnum\tmysql_native_password\t*00`, 'differs'],
  ['another host', 'Host\tUser\tPassword\tplugin', `10.0.0.1\tmagnum\t${HASH}\t`, 'missing'],
])('a user is known by the hash, whatever the column is called: %s', async (_, names, row, action) => {
  const { node } = await server({ 'mysql.user': `${names}\n${row}\n` });

  const items = await bootstrapDatabase(node, 'password', 'check');

  expect(items[1]).toEqual({ name: "database user 'magnum'@'%'", action });
});

test('a user who authenticates in another way stays, which is reported', async () => {
  const { node, inputs } = await server({ 'mysql.user': 'Host\tUser\tplugin\n%\tmagnum\ted25519\n' });

  const items = await bootstrapDatabase(node, 'password', 'apply');

  expect(items[1]).toMatchObject({ action: 'unchanged', detail: expect.stringContaining('ed25519') as string });
  expect(writes(inputs).join('')).not.toContain("'%' IDENTIFIED");
});

test('a password is hashed as the driver sends it: Latin-1 by PyMySQL, UTF-8 by MySQLdb', async () => {
  const older = site('golden', ({ magnum }) => (magnum.database.driver = 'mysql'));
  const [py, mysqldb] = [await server(), await server({}, older)];

  await bootstrapDatabase(py.node, 'é', 'apply');
  await bootstrapDatabase(mysqldb.node, 'é', 'apply');

  expect(writes(py.inputs)[1]).not.toBe(writes(mysqldb.inputs)[1]);
});

test('one that PyMySQL cannot send is refused, and not told', async () => {
  const { node, inputs } = await server();

  const refused = bootstrapDatabase(node, 'p€ss', 'apply');

  await expect(refused).rejects.toMatchObject({ name: 'DatabaseAdminRefused' });
  await expect(refused).rejects.toThrow(/beyond Latin-1.*\/magnum-ha\/golden\/database-password/);
  await expect(refused).rejects.not.toThrow('p€ss');
  expect(inputs).toEqual([]);
});

test('MySQL from 8 on is refused before anything is made, and told what to do', async () => {
  const { node, inputs } = await server({ version: 'version\n8.0.36\n' });

  const refused = bootstrapDatabase(node, 'password', 'apply');

  await expect(refused).rejects.toThrow(/runs 8\.0\.36.*take "database" out of bootstrap/);
  expect(writes(inputs)).toEqual([]);
});

test.each([
  [
    { exitCode: 1, stderr: `ERROR 1045 (28000) at line 1: Access denied '${HASH}'` },
    /node-1 .*ERROR 1045 \(28000\)\. Check/,
  ],
  [{ exitCode: 127, stderr: 'No such file' }, /there is no mysql client/],
  [{ exitCode: 1, stderr: 'something' }, /see `mysql` there/],
])('a client that fails is told by its number alone: %j', async (outcome, message) => {
  const { node } = await nodeWith(() => outcome);

  const refused = bootstrapDatabase(node, 'password', 'check');

  await expect(refused).rejects.toMatchObject({ name: 'DatabaseAdminRefused' });
  await expect(refused).rejects.toThrow(message);
  await expect(refused).rejects.not.toThrow(HASH);
});
