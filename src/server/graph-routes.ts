import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { armError } from '../errors/arm.ts';
import { listPrincipals, type Principal, principalByObjectId } from '../identity/principals.ts';
import type { Store } from '../store/store.ts';

export interface GraphRoutesOptions {
  readonly store: Store;
  /** The address by which clients know this graph, without `/` at the end. */
  readonly address: () => string;
  /** For tokens to the graph. @throws KilnError with status 401 */
  readonly authenticate: (headers: IncomingHttpHeaders) => Promise<unknown>;
}

/** A thousand ids. */
const BODY_LIMIT = 64 * 1024;

const ids = z.object({ ids: z.array(z.string()).max(1000), types: z.array(z.string()).optional() });

/** What clients ask Microsoft Graph to find out who a role is assigned to: the principals of this store. */
export async function graphRoutes(app: FastifyInstance, options: GraphRoutesOptions): Promise<void> {
  const { store } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string', bodyLimit: BODY_LIMIT }, (_request, body, done) =>
    done(null, body),
  );
  const config = { anonymous: true, routeClass: 'graph' };
  app.addHook('onRequest', async request => void (await options.authenticate(request.headers)));
  const context = (name: string) => ({ '@odata.context': `${options.address()}/v1.0/$metadata#${name}` });

  app.get('/graph/v1.0/servicePrincipals', { config }, async request => {
    const { $filter: filter } = request.query as Record<string, unknown>;
    const wanted = conditionIn(typeof filter === 'string' ? filter : undefined);
    const found = (await listPrincipals(store)).filter(one => isServicePrincipal(one) && wanted(one));
    return { ...context('servicePrincipals'), value: found.map(graphObject) };
  });
  app.get('/graph/v1.0/servicePrincipals/:id', { config }, async request => {
    const { id } = request.params as { id: string };
    const found = await principalByObjectId(store, id);
    if (found === undefined || !isServicePrincipal(found)) throw armError('NotFound', { path: request.url });
    return { ...context('servicePrincipals/$entity'), ...graphObject(found) };
  });
  app.post('/graph/v1.0/directoryObjects/getByIds', { config }, async request => {
    const { ids: wanted } = bodyOf(request);
    const known = new Set(wanted.map(id => id.toLowerCase()));
    const found = (await listPrincipals(store)).filter(({ objectId }) => known.has(objectId.toLowerCase()));
    return { ...context('directoryObjects'), value: found.map(graphObject) };
  });
}

function bodyOf(request: FastifyRequest): z.output<typeof ids> {
  try {
    return ids.parse(JSON.parse(String(request.body)));
  } catch (cause) {
    throw armError('InvalidRequestContent', { reason: 'the body is not `{ "ids": [...] }`' }, { cause });
  }
}

/** @throws KilnError `InvalidFilterInQueryString` for any but those that `az` sends. */
function conditionIn(filter: string | undefined): (principal: Principal) => boolean {
  if (filter === undefined || filter.trim() === '') return () => true;
  const unquoted = (text: string) => text.replaceAll("''", "'").toLowerCase();
  const [, name] =
    /^servicePrincipalNames\/any\((\w+):\s*\1 eq '((?:[^']|'')*)'\)$/i.exec(filter.trim())?.slice(1) ?? [];
  if (name !== undefined) return ({ appId }) => appId.toLowerCase() === unquoted(name);
  const [, property, value = ''] = /^(appId|displayName|id) eq '((?:[^']|'')*)'$/i.exec(filter.trim()) ?? [];
  if (property === undefined)
    throw armError('InvalidFilterInQueryString', { filter, reason: 'it is none that is known' });
  return ({ appId, displayName, objectId }) => {
    const found = { appid: appId, displayname: displayName, id: objectId }[property.toLowerCase()];
    return found?.toLowerCase() === unquoted(value);
  };
}

function isServicePrincipal({ kind }: Principal): boolean {
  return kind !== 'User';
}

function graphObject({ objectId, appId, kind, displayName, disabled, createdAt }: Principal): object {
  if (kind === 'User') {
    return { '@odata.type': '#microsoft.graph.user', id: objectId, displayName, userPrincipalName: displayName };
  }
  return {
    '@odata.type': '#microsoft.graph.servicePrincipal',
    ...{ id: objectId, appId, displayName, accountEnabled: !disabled, createdDateTime: createdAt },
    servicePrincipalNames: [appId],
    servicePrincipalType: kind === 'ManagedIdentity' ? 'ManagedIdentity' : 'Application',
  };
}
