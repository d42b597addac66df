import { MagnumHaError } from '../errors';
import type { Secrets } from '../secrets/secrets';
import { secretNames } from '../secrets/references';
import { readSecrets } from '../secrets/ssm';
import type { Controller, Site } from '../site/document';
import { openSession, type Session } from './session';

/** A secret holds what a password cannot mean. */
export class SecretMalformed extends MagnumHaError {
  override readonly name = 'SecretMalformed';
}

/**
 * Opens a session to a site for one task and closes it in the end.
 *
 * @param further names of the secrets the task needs besides the SSH key
 * @param expected controllers that it will surely use
 */
export async function withSession<T>(
  site: Site,
  further: readonly string[],
  action: (session: Session, secrets: Secrets) => Promise<T>,
  expected: readonly Controller[] = site.controllers,
): Promise<T> {
  const { session, secrets } = await openLoggedSession(site, further, expected);
  try {
    return await action(session, secrets);
  } finally {
    session.close();
  }
}

/** Opens a session that logs every command it runs on a controller. */
export async function openLoggedSession(
  site: Site,
  further: readonly string[],
  expected: readonly Controller[] = site.controllers,
): Promise<{ session: Session; secrets: Secrets }> {
  const { ssh } = secretNames(site);
  const secrets = await readSecrets([ssh, ...further]);
  refuseStrayNewlines(secrets, further);
  const session = await openSession({
    site,
    privateKey: secrets.reveal(ssh),
    expected,
    redact: (text) => secrets.redact(text),
    log: (record) => {
      console.log(JSON.stringify(record));
    },
  });
  return { session, secrets };
}

/** A file's last newline easily becomes a part of a password: in a URL it would silently be a wrong one. */
function refuseStrayNewlines(secrets: Secrets, names: readonly string[]): void {
  const stray = names.filter((name) => /[\r\n]$/.test(secrets.reveal(name)));
  if (stray.length === 0) return;
  throw new SecretMalformed(
    `The SSM parameter ${stray.join(', ')} ends in a newline. Put the value again without it: printf %s "$VALUE" > FILE`,
  );
}
