import type { DatabaseServer } from '../openstack/backing';
import { failure, type Outcome, type Program } from './program';

/** mysql --batch --default-character-set=utf8mb4 */
export const mysql: Program = async ({ arguments: given, controller, who, ...invocation }) => {
  if (given.join(' ') !== '--batch --default-character-set=utf8mb4') {
    return failure(`mysql: unknown option '${given[0] ?? ''}'`, 2);
  }
  if (who.user !== 'root') return failure(`ERROR 1698 (28000): Access denied for user '${who.user}'@'localhost'`);
  if (controller.services.get(controller.generation.services.database)?.running !== true) {
    return failure("ERROR 2002 (HY000): Can't connect to local server through socket '/run/mysqld/mysqld.sock' (2)");
  }
  const { database } = controller.backing;
  let stdout = '';
  let changed = false;
  const statements = (await invocation.stdin()).split(/;\n/).filter((statement) => statement.trim() !== '');
  for (const statement of statements) {
    const outcome = execute(statement, database);
    if (typeof outcome === 'string') {
      // With --batch the client repeats what it could not do.
      return { exit: 1, changed, stdout, stderr: `--------------\n${statement}\n--------------\n\nERROR ${outcome}\n` };
    }
    stdout += outcome.stdout ?? '';
    changed ||= outcome.changed === true;
  }
  return { exit: 0, stdout, changed };
};

/** @returns an error's number and text if it fails */
function execute(statement: string, server: DatabaseServer): Omit<Outcome, 'exit'> | string {
  const { databases, users, grants } = server;
  const is = (pattern: RegExp) => pattern.exec(statement)?.slice(1);
  if (is(/^SELECT VERSION\(\) AS version$/)) return table(['version'], [['10.1.48-MariaDB-0ubuntu0.18.04.1']]);

  const [schema] = is(/^SELECT SCHEMA_NAME FROM information_schema\.SCHEMATA WHERE SCHEMA_NAME = '([^']+)'$/) ?? [];
  if (schema !== undefined) return table(['SCHEMA_NAME'], databases.has(schema) ? [[schema]] : []);

  const [user] = is(/^SELECT \* FROM mysql\.user WHERE User = '([^']+)'$/) ?? [];
  if (user !== undefined) {
    const own = [...users].filter(([account]) => account.startsWith(`${user}@`));
    const rows = own.map(([account, hash]) => [account.slice(user.length + 1), user, hash, '', '']);
    return table(['Host', 'User', 'Password', 'plugin', 'authentication_string'], rows);
  }

  const [level, grantees = ''] =
    is(/^SELECT \* FROM information_schema\.(\w+)_PRIVILEGES WHERE GRANTEE IN \((.+)\)$/) ?? [];
  if (level === 'USER') return table([], []);
  if (level === 'SCHEMA') {
    const rows = [...grants].flatMap((grant) => {
      const [, name = '', host = '', database = ''] = /^(.*)@(\S+) (.*)$/.exec(grant) ?? [];
      if (!grantees.includes(`'''${name}''@''${host}'''`)) return [];
      return PRIVILEGES.map((one) => [`'${name}'@'${host}'`, 'def', database.replaceAll('_', String.raw`\\_`), one]);
    });
    return table(['GRANTEE', 'TABLE_CATALOG', 'TABLE_SCHEMA', 'PRIVILEGE_TYPE'], rows);
  }

  const [created] = is(/^CREATE DATABASE IF NOT EXISTS `([^`]+)` CHARACTER SET utf8$/) ?? [];
  if (created !== undefined) {
    databases.set(created, databases.get(created) ?? null);
    return { changed: true };
  }
  const [name = '', host = '', hash] =
    is(/^GRANT USAGE ON \*\.\* TO '([^']+)'@'([^']+)' IDENTIFIED BY PASSWORD '([^']*)'$/) ?? [];
  if (hash !== undefined) {
    if (!/^\*[0-9A-F]{40}$/.test(hash))
      return '1372 (HY000) at line 1: Password hash should be a 41-digit hexadecimal number';
    users.set(`${name}@${host}`, hash);
    return { changed: true };
  }
  const [on, to = '', from = ''] = is(/^GRANT ALL PRIVILEGES ON `([^`]+)`\.\* TO '([^']+)'@'([^']+)'$/) ?? [];
  if (on !== undefined) {
    if (!users.has(`${to}@${from}`)) return "1133 (28000) at line 1: Can't find any matching row in the user table";
    grants.add(`${to}@${from} ${on.replaceAll(String.raw`\_`, '_')}`);
    return { changed: true };
  }
  return `1064 (42000) at line 1: You have an error in your SQL syntax near '${statement}'`;
}

/** As --batch prints it; nothing, not even the column names, if there is no row. */
function table(names: readonly string[], rows: readonly (readonly string[])[]): Omit<Outcome, 'exit'> {
  return { stdout: rows.length === 0 ? '' : [names, ...rows].map((row) => `${row.join('\t')}\n`).join('') };
}

const PRIVILEGES =
  'SELECT,INSERT,UPDATE,DELETE,CREATE,DROP,REFERENCES,INDEX,ALTER,CREATE TEMPORARY TABLES,LOCK TABLES,TRIGGER'.split(
    ',',
  );
