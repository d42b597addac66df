import { isIPv4 } from 'node:net';
import * as z from 'zod';
import { named } from './problems';

export const line = z
  .string()
  .min(1)
  // A control character in a value would write lines of its own into a configuration file.
  // eslint-disable-next-line no-control-regex
  .regex(/^[^\u0000-\u001f\u007f]*$/, 'must not hold control characters');
/** The longest reason that somebody gives, in characters. */
export const LONGEST_REASON = 200;
export const reason = line.max(LONGEST_REASON);
export const token = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/, 'must be letters, digits, and _ . : - with no - or . in front');
export const path = z
  .string()
  .regex(/^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/, 'must be an absolute path of plain names (no spaces, no ..)');
export const address = z.string().refine(isIPv4, named('BadAddress', 'must be an IPv4 address such as 10.21.22.4'));
export const addresses = z
  .string()
  .refine(
    (value) => value.split(',').every((one) => isIPv4(one.trim())),
    named('BadAddress', 'must be an IPv4 address such as 10.21.22.4, or several with commas between'),
  );
export const port = z
  .unknown()
  .refine(isPort, {
    error: ({ input }) =>
      typeof input === 'string' && /^\d+$/.test(input) && isPort(Number(input))
        ? `write ${input} without quotes`
        : 'must be a port number from 1 to 65535',
    params: { name: 'BadPort' },
  })
  .meta({ type: 'integer', minimum: 1, maximum: 65535 }) as z.ZodType<number>;
export const count = z.int().min(1, 'must be at least 1');
export const url = line.regex(
  /^https?:\/\/[^\s/@]+(\/\S*)?$/,
  'must be an http or https URL without user name or password',
);

export const network = z
  .string()
  .refine(isNetwork, named('BadAddress', 'must be an IPv4 network in CIDR form such as 10.21.22.0/24'));

export const endpoint = z.string().refine(
  (value) => {
    const [host, number, ...rest] = value.split(':');
    return rest.length === 0 && isIPv4(host ?? '') && isPort(Number(number));
  },
  named('BadAddress', 'must be ADDRESS:PORT with an IPv4 address, such as 10.21.22.4:11211'),
);

export const hostKey = z
  .string()
  .regex(
    /^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]{40,}={0,3}$/,
    'must be a public host key as ssh-keyscan prints it after the host name: "ssh-ed25519 AAAA…"',
  );

export const endpointInterface = z.enum(['public', 'internal', 'admin']);

export const secret = z.strictObject(
  {
    ssm: z
      .string()
      .regex(/^\/[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/, 'must be an SSM parameter name that starts with /')
      .describe('Name of an SSM parameter of type SecureString.'),
  },
  {
    error: (issue) =>
      issue.code === 'invalid_type'
        ? 'must be a reference {"ssm": "/name"} to an SSM parameter, never the secret itself'
        : undefined,
  },
);

/** A reference to a secret: the name of its SSM SecureString parameter. The value is never in a site document. */
export type SecretReference = z.infer<typeof secret>;

/** A secret whose name is known by convention: a document may leave it out, and it is filled in before it comes here. */
export const conventional = (meaning: string, name: string) =>
  secret
    .optional()
    .transform((filled) => filled as SecretReference)
    .describe(`${meaning} It is in SSM as /STACK/SITE/${name}, and this field may be left out.`);

function isPort(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 65535;
}

/** Whether this is an IPv4 network in CIDR form. */
export function isNetwork(value: string): boolean {
  const [base, prefix, ...rest] = value.split('/');
  return rest.length === 0 && isIPv4(base ?? '') && /^([0-9]|[12][0-9]|3[0-2])$/.test(prefix ?? '');
}
