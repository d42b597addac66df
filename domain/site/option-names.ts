import secretOptions from './secret-options.json';

const SECRET_OPTIONS: ReadonlySet<string> = new Set(
  Object.entries(secretOptions).flatMap(([section, options]) =>
    Object.keys(options).map((option) => key(section, option)),
  ),
);

/** This section lists the options of keystoneauth's plugins, which any section may have. */
const ANY_SECTION = '*';

/**
 * Whether an option of a configuration file of OpenStack holds a secret: it is one of those that OpenStack marks so
 * (`secret-options.json`), or its name says so.
 */
export function holdsSecret(section: string, option: string): boolean {
  return (
    SECRET_OPTIONS.has(key(section, option)) || SECRET_OPTIONS.has(key(ANY_SECTION, option)) || namesSecret(option)
  );
}

/** Whether the name of an option or of a label says that it holds a secret. */
export function namesSecret(name: string): boolean {
  return /pass(word|wd|phrase|code)|secret|credential|token$|(^|[_-])keys?$|^(sql_)?connection$|transport_url/i.test(
    name,
  );
}

/** Whether a value has a secret in it whatever it is a value of: a login in a URL, or `password=…` and the like. */
export function showsSecret(value: string): boolean {
  return (
    /:\/\/[^/\s]*@/.test(value) ||
    // A password in which a slash was left as it is.
    /:\/\/[^/\s:@]*:(?!\d{1,5}(?:[/?#,]|$))[^\s@]{0,256}@/.test(value) ||
    /(password|passwd|passphrase|secret|token)["']?\s?[=:]\s?["']?[^\s"',;}]/i.test(value)
  );
}

function key(section: string, option: string): string {
  return `[${section}] ${option}`.toLowerCase();
}
