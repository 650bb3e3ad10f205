import type { FastifyInstance } from 'fastify';
import type { SigningKeys } from '../identity/signing-keys.ts';
import type { ServiceUrls } from './service-urls.ts';
import { type TokenRouteParts, tokenRoute } from './token-route.ts';

export interface IdentityRouteParts extends Omit<TokenRouteParts, 'urls'> {
  readonly urls: ServiceUrls;
  readonly keys: SigningKeys;
}

/** What clients ask before they have a token: where things are, how tokens are issued and verified, a token. */
export async function identityRoutes(app: FastifyInstance, parts: IdentityRouteParts): Promise<void> {
  const { urls, keys } = parts;
  const config = { anonymous: true, routeClass: 'identity' };

  app.get('/metadata/endpoints', { config }, request => {
    const { 'api-version': version = '' } = request.query as Record<string, unknown>;
    return String(version) < '2018' ? firstMetadata(urls) : [cloudMetadata(urls)];
  });
  app.get('/adfs/.well-known/openid-configuration', { config }, () => openIdConfiguration(urls));
  app.get('/adfs/discovery/keys', { config }, () => keys.jwks());
  await app.register(scope => tokenRoute(scope, parts));
}

/** api-version 2015-01-01, which `az cloud register` asks for. */
function firstMetadata(urls: ServiceUrls): object {
  return {
    galleryEndpoint: urls.base(),
    graphEndpoint: `${urls.base()}/graph/`,
    portalEndpoint: urls.base(),
    authentication: { loginEndpoint: urls.authority(), audiences: [urls.base()] },
  };
}

/** From api-version 2018-05-01 on there is a list of clouds. This one is all there is. */
function cloudMetadata(urls: ServiceUrls): object {
  const base = urls.base();
  const { hostname } = new URL(base);
  return {
    name: 'Kiln',
    portal: base,
    authentication: { loginEndpoint: urls.authority(), audiences: [base], tenant: 'adfs', identityProvider: 'ADFS' },
    resourceManager: base,
    gallery: base,
    graph: `${base}/graph/`,
    graphAudience: `${base}/graph/`,
    microsoftGraphResourceId: `${base}/graph/`,
    vmImageAliasDoc: '',
    batch: '',
    media: '',
    sqlManagement: '',
    activeDirectoryDataLake: '',
    suffixes: {
      storage: hostname,
      keyVaultDns: `vault.${hostname}`,
      sqlServerHostname: `database.${hostname}`,
      acrLoginServer: `azurecr.${hostname}`,
    },
  };
}

function openIdConfiguration(urls: ServiceUrls): object {
  return {
    issuer: urls.authority(),
    authorization_endpoint: `${urls.authority()}/oauth2/authorize`,
    token_endpoint: urls.tokenEndpoint(),
    jwks_uri: `${urls.authority()}/discovery/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
    response_types_supported: ['token'],
    grant_types_supported: ['client_credentials'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
}
