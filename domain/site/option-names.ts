/**
 * Whether an option of this name holds a secret in a configuration file of OpenStack: what such an option is set to must
 * be a reference in a site document and is never shown in a diff.
 */
export function holdsSecret(option: string): boolean {
  return /password|passwd|secret|token$|_key$|^(sql_)?connection$|transport_url|credential/i.test(option);
}
