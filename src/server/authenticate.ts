import type { IncomingHttpHeaders } from 'node:http';
import { identityError } from '../errors/identity.ts';
import type { Caller, Tokens } from '../identity/tokens.ts';
import type { ServiceUrls } from './service-urls.ts';

/** Who makes a request, by its `Authorization` header. */
export type Authenticate = (headers: IncomingHttpHeaders) => Promise<Caller>;

/**
 * @param audiences what a token may be for; Resource Manager, if not given
 * @throws (the function that is returned) KilnError `AuthenticationFailed`, `AuthenticationFailedInvalidHeader`, and those of
 *   `Tokens.verify`; all have status 401
 */
export function authenticator(
  tokens: Tokens,
  urls: ServiceUrls,
  audiences: () => readonly string[] = urls.managementAudiences,
): Authenticate {
  return async headers => {
    const { authorization } = headers;
    if (authorization === undefined) throw identityError('AuthenticationFailed', {});
    const [, token] = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i.exec(authorization) ?? [];
    if (token === undefined) throw identityError('AuthenticationFailedInvalidHeader', {});
    return tokens.verify(token, audiences());
  };
}

/** `WWW-Authenticate` of a 401: where tokens are issued. @param code why there is none that is good */
export function challenge(urls: ServiceUrls, code: string, message: string): string {
  const authority = `Bearer authorization_uri="${urls.authority()}"`;
  if (code === 'AuthenticationFailed') return authority;
  return `${authority}, error="invalid_token", error_description="${message.replace(/[^\x20-\x7e]|["\\]/g, ' ')}"`;
}
