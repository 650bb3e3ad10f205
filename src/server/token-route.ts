import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { printable } from '../events/printable.ts';
import type { ClientCredentials, Proof } from '../identity/client-credentials.ts';
import type { Tokens } from '../identity/tokens.ts';
import { correlationId } from './request-ids.ts';
import type { ServiceUrls } from './service-urls.ts';
import { type Refusal, refusals } from './token-refusals.ts';

/** More than any client sends, and little to keep in memory for who has not logged in. */
const BODY_LIMIT = 64 * 1024;
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** No client sends more than ten. */
const MOST_PARAMETERS = 32;
/** Of what a token is to be for: more than any address of a resource has. */
const LONGEST_RESOURCE = 2048;
/** What of a client's own words is repeated to it. */
const SHOWN = 200;

export interface TokenRouteParts {
  readonly urls: ServiceUrls;
  readonly tokens: Pick<Tokens, 'issue'>;
  readonly clients: ClientCredentials;
  readonly tenantId: string;
}

/** `POST /adfs/oauth2/token`: OAuth 2.0 client credentials (RFC 6749, 4.4), as Azure's clients send them. */
export async function tokenRoute(app: FastifyInstance, parts: TokenRouteParts): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: BODY_LIMIT },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  );
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_request, _body, done) => done(null));
  const config = { anonymous: true, routeClass: 'token' };
  app.post('/adfs/oauth2/token', { config }, async (request, reply) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache');
    const outcome = await tokenFor(request, parts);
    if ('sentence' in outcome) return refuse(request, reply, outcome);
    return {
      token_type: 'Bearer',
      expires_in: outcome.expiresIn,
      ext_expires_in: outcome.expiresIn,
      ...outcome.answer,
    };
  });
}

interface Granted {
  readonly expiresIn: number;
  readonly answer: { readonly access_token: string; readonly resource: string };
}

async function tokenFor(request: FastifyRequest, parts: TokenRouteParts): Promise<Granted | Refusal> {
  const { urls, tokens, clients, tenantId } = parts;
  const form = request.body;
  if (!(form instanceof URLSearchParams))
    return refusals.unreadable('it is not a form (application/x-www-form-urlencoded).');
  const odd = oddIn(form);
  if (odd !== undefined) return refusals.unreadable(odd);
  const grant = form.get('grant_type');
  if (grant === null) return refusals.missing('grant_type');
  if (grant !== 'client_credentials') return refusals.grantType(shown(grant));
  const { clientId, secret } = credentialsIn(form, request.headers.authorization);
  if (clientId === undefined) return refusals.missing('client_id');
  const assertion = form.get('client_assertion');
  if (assertion !== null && form.get('client_assertion_type') !== JWT_BEARER) return refusals.assertionType();
  if (assertion === null && (secret === undefined || secret === '')) return refusals.noSecret();
  const proof = assertion === null ? { secret: secret ?? '' } : { assertion };
  const resource = resourceIn(form, urls, tenantId);
  if ('sentence' in resource) return resource;
  const logIn = await clients.logIn(clientId, proof);
  if ('refused' in logIn) return refusalOf(logIn.refused, proof, shown(clientId), tenantId);
  const { accessToken, expiresIn } = await tokens.issue({ principal: logIn.principal, audience: resource.audience });
  return { expiresIn, answer: { access_token: accessToken, resource: resource.audience } };
}

/** What makes a form none of a client. Who sends it has not logged in: no more than one look is taken at each of its parts. */
function oddIn(form: URLSearchParams): string | undefined {
  if (form.size > MOST_PARAMETERS) return `there are more than ${MOST_PARAMETERS} parameters.`;
  const names = new Set<string>();
  for (const [name, value] of form) {
    if (names.has(name)) return `'${shown(name)}' is there more than once.`;
    names.add(name);
    if ((name === 'scope' || name === 'resource') && value.length > LONGEST_RESOURCE)
      return `'${name}' is longer than ${LONGEST_RESOURCE} characters.`;
  }
  return undefined;
}

/** From the form, or from a `Basic` header, as RFC 6749 wants it to be possible. */
function credentialsIn(form: URLSearchParams, header: string | undefined) {
  const [, encoded] = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? '') ?? [];
  const [, id, password] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded ?? '', 'base64').toString()) ?? [];
  return {
    clientId: form.get('client_id') ?? decoded(id),
    secret: form.get('client_secret') ?? decoded(password),
  };
}

/** Both halves of the header are form-encoded before they are joined. */
function decoded(text: string | undefined): string | undefined {
  return text === undefined ? undefined : (new URLSearchParams(`v=${text}`).get('v') ?? undefined);
}

/** Clients write a resource with or without a slash at its end, and in any case. */
function resourceIn(
  form: URLSearchParams,
  urls: ServiceUrls,
  tenantId: string,
): { readonly audience: string } | Refusal {
  const scope = form.get('scope');
  const asked = scope === null ? form.get('resource') : /^(\S+)\/\.default$/.exec(scope.trim())?.[1];
  if (asked === null) return refusals.missing('scope');
  if (asked === undefined) return refusals.scope(shown(scope ?? ''));
  const known = urls.audiences();
  const wanted = plain(asked);
  const audience = known.find(one => plain(one) === wanted);
  return audience === undefined ? refusals.resource(shown(asked), tenantId, known) : { audience };
}

function plain(resource: string): string {
  let end = resource.length;
  while (resource[end - 1] === '/') end -= 1;
  return resource.slice(0, end).toLowerCase();
}

function refusalOf(
  why: 'unknown' | 'wrong' | 'expired' | 'disabled' | 'busy',
  proof: Proof,
  clientId: string,
  tenantId: string,
): Refusal {
  switch (why) {
    case 'unknown':
      return refusals.unknownClient(clientId, tenantId);
    case 'wrong':
      return 'secret' in proof ? refusals.wrongSecret(clientId) : refusals.wrongAssertion(clientId);
    case 'expired':
      return refusals.expiredSecret(clientId);
    case 'disabled':
      return refusals.disabled(clientId);
    case 'busy':
      return refusals.busy(clientId);
  }
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): object {
  const { status, error, number, sentence } = refusal;
  const correlation = correlationId(request.raw);
  const timestamp = `${new Date().toISOString().slice(0, 19).replace('T', ' ')}Z`;
  reply.code(status);
  if (status === 429) reply.header('retry-after', '5');
  request.log.info({ error, number }, 'no token');
  return {
    error,
    error_description: `AADSTS${number}: ${sentence} Trace ID: ${request.id} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [number],
    timestamp,
    trace_id: request.id,
    correlation_id: correlation,
  };
}

function shown(text: string): string {
  return printable(text.slice(0, SHOWN));
}
