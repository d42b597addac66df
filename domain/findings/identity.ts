import * as z from 'zod';
import { messageOf } from '../errors';
import { optionalListOf } from '../openstack/answers';
import { detailOf, OpenStackUnreachable } from '../openstack/errors';
import type { HttpClient } from '../openstack/http';
import { tokenRequest } from '../openstack/keystone';

/** Who asks for a token, and for what. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly userDomain: { readonly id: string } | { readonly name: string };
  readonly scope: object;
}

/** What Keystone makes of a request for a token. */
export type TokenAnswer =
  | { readonly kind: 'issued'; readonly roles: readonly string[] }
  | { readonly kind: 'refused' | 'absent'; readonly reason: string };

const issued = z.object({ token: z.object({ roles: optionalListOf(z.object({ name: z.string() })) }) });

/** Asks for a token at exactly this URL. Never throws: that nobody answers there is an answer too. */
export async function askForToken(http: HttpClient, url: string, who: Credentials): Promise<TokenAnswer> {
  const user = { name: who.username, domain: who.userDomain, password: who.password };
  try {
    const answer = await http.request(tokenRequest(url, user, who.scope));
    if (answer.status === 401) return { kind: 'refused', reason: `401 ${detailOf(answer)}` };
    const body = issued.safeParse(answer.json);
    if (answer.status === 201 && body.success) {
      return { kind: 'issued', roles: body.data.token.roles.map(({ name }) => name) };
    }
    return { kind: 'absent', reason: `${answer.status} ${detailOf(answer)}` };
  } catch (error) {
    return { kind: 'absent', reason: error instanceof OpenStackUnreachable ? error.reason : messageOf(error) };
  }
}
