import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** Failures of tokens, in the words of Azure Resource Manager, and of principals. */
export const identityErrors = kinds({
  AuthenticationFailed: {
    exit: 2,
    status: 401,
    summary: 'A request to the service has no token.',
    message: () => "Authentication failed. The 'Authorization' header is missing.",
    todo: () => 'Log in: `kiln connect az` prints how.',
  } satisfies ErrorKind<object>,
  AuthenticationFailedInvalidHeader: {
    exit: 2,
    status: 401,
    summary: 'The `Authorization` header of a request is not `Bearer` and a token.',
    message: () => "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    todo: () => 'The header is `Authorization: Bearer <token>`.',
  } satisfies ErrorKind<object>,
  InvalidAuthenticationToken: {
    exit: 2,
    status: 401,
    summary:
      'The token of a request was not issued by this service, was changed, or is of a principal that is disabled or gone.',
    message: p => `The access token is invalid.${p.reason === undefined ? '' : ` ${p.reason}`}`,
    todo: () => 'Get a new token: `az account get-access-token`, or log in again.',
  } satisfies ErrorKind<{ reason?: string }>,
  ExpiredAuthenticationToken: {
    exit: 2,
    status: 401,
    summary: 'The token of a request is no longer valid.',
    message: p => `The access token expiry UTC time '${p.expired}' is earlier than current UTC time '${p.now}'.`,
    todo: () => 'Get a new token: `az account get-access-token`, or log in again.',
  } satisfies ErrorKind<{ expired: string; now: string }>,
  InvalidAuthenticationTokenAudience: {
    exit: 2,
    status: 401,
    summary: 'The token of a request was issued for another resource than the one that is called.',
    message: p =>
      `The access token has been obtained for wrong audience or resource '${p.audience}'. It should exactly match with one of the allowed audiences ${p.allowed.map(one => `'${one}'`).join(',')}.`,
    todo: p => `Ask for a token with the scope \`${p.allowed[0]}/.default\`.`,
  } satisfies ErrorKind<{ audience: string; allowed: readonly string[] }>,
  InvalidAuthenticationTokenTenant: {
    exit: 2,
    status: 401,
    summary: 'The token of a request was issued by somebody else, or by this service under another address.',
    message: p => `The access token is from the wrong issuer '${p.issuer}'. It must match '${p.expected}'.`,
    todo: () => 'Log in to this service: `kiln connect az` prints how.',
  } satisfies ErrorKind<{ issuer: string; expected: string }>,
  PrincipalNotFound: {
    exit: 2,
    summary: 'There is no principal of that client id, object id or name.',
    message: p => `There is no principal \`${p.principal}\`.`,
    todo: () => '`kiln principal list` shows them all.',
  } satisfies ErrorKind<{ principal: string }>,
  PrincipalAmbiguous: {
    exit: 2,
    summary: 'Several principals have the name.',
    message: p => `${p.count} principals are called \`${p.principal}\`.`,
    todo: () => 'Name it by its client id, which `kiln principal list` shows.',
  } satisfies ErrorKind<{ principal: string; count: number }>,
  PrincipalWithoutSecrets: {
    exit: 2,
    summary: 'Only a service principal has client secrets and certificates.',
    message: p => `\`${p.principal}\` is a ${p.kind}, which has no client secrets and certificates.`,
    todo: () => 'Make a principal with `kiln principal create`.',
  } satisfies ErrorKind<{ principal: string; kind: string }>,
  PrincipalCertificateUnusable: {
    exit: 2,
    summary: 'A file holds no certificate with which a principal could log in.',
    message: p => `The certificate ${p.file} cannot be used: ${p.reason}`,
    todo: () => 'It is a PEM file with an X.509 certificate whose key is RSA of at least 2048 bits.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
  SigningKeyUnreadable: {
    exit: 3,
    summary: 'A key that signs tokens could not be read.',
    message: p => `The signing key ${p.file} could not be read: ${p.reason}`,
    todo: () =>
      'Restore the file, or remove it: a new key is made, and tokens that the old one signed are no longer valid.',
  } satisfies ErrorKind<{ file: string; reason: string }>,
});

export const identityError = thrower(identityErrors);
