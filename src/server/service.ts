import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { databaseName } from '../config/database-url.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import type { SiteConfig } from '../config/site-config.ts';
import { serviceError } from '../errors/service.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { serviceDirectory } from '../home/service-directory.ts';
import { assertionChecker } from '../identity/client-certificate.ts';
import { clientCredentials } from '../identity/client-credentials.ts';
import { addSecret } from '../identity/client-secret.ts';
import { createPrincipal, listPrincipals, type Principal, tenantOf } from '../identity/principals.ts';
import { openSigningKeys } from '../identity/signing-keys.ts';
import { tokenService } from '../identity/tokens.ts';
import { BlobFiles } from '../providers/storage/blob-files.ts';
import { claimDatabase } from '../store/service-claim.ts';
import type { Store } from '../store/store.ts';
import { armRoutes } from './arm-routes.ts';
import { type ArmService, armService } from './arm-service.ts';
import { authenticator } from './authenticate.ts';
import { blobRoutes } from './blob-routes.ts';
import { graphRoutes } from './graph-routes.ts';
import { healthRoutes } from './health-routes.ts';
import { createServer } from './http-server.ts';
import { identityRoutes } from './identity-routes.ts';
import { createMetrics } from './metrics.ts';
import { readinessProbe } from './readiness.ts';
import { runsRoutes } from './runs-routes.ts';
import { lockService, writeAddress } from './service-lock.ts';
import { serviceUrls } from './service-urls.ts';
import { blobSignatures, openSignatureKey } from './signed-url.ts';
import { pairDigest, serverTls } from './tls.ts';

const DAY_MS = 24 * 3_600_000;
/** How long requests that are being answered may take when the service stops. */
const LAST_REQUESTS_MS = 10_000;
const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** A service that answers requests. */
export interface Service {
  /** Without a slash at its end. */
  readonly url: string;
  /** The port that it listens on. */
  readonly port: number;
  readonly tenantId: string;
  /** Made at the first start; the secret is known here and nowhere else. */
  readonly firstAdministrator: { readonly principal: Principal; readonly secret: string } | undefined;
  /** Takes no more requests, answers those that it has, and lets go of the home. */
  close(): Promise<void>;
}

/**
 * Starts the service of a home on what is there, and makes what is missing.
 *
 * @throws KilnError `ServiceAlreadyRunning`, `ServiceCannotListen`, `CertificateUnusable`, `SigningKeyUnreadable`
 */
export async function startService(
  { home, site, store }: { readonly home: KilnHome; readonly site: SiteConfig; readonly store: Store },
  config: ServiceConfig,
  logTo: NodeJS.WritableStream,
): Promise<Service> {
  const files = serviceDirectory(home.service);
  await mkdir(files.root, { recursive: true, mode: 0o755 });
  const unlockHome = await lockService(files, home.root);
  const unlock = await lockDatabase(site.database).then(
    unlockDatabase => async () => {
      await unlockDatabase();
      unlockHome();
    },
    (error: unknown) => {
      unlockHome();
      throw error;
    },
  );
  let app: FastifyInstance | undefined;
  let arm: ArmService | undefined;
  try {
    const tenantId = await tenantOf(store);
    const keys = await openSigningKeys(files.signingKeys);
    const names = serverNames(config);
    let tls = await serverTls(files, config.tls.own, names);
    let url = config.publicUrl;
    const urls = serviceUrls(() => {
      if (url === undefined) throw new Error('The address of the service is not known before it listens');
      return url;
    });
    const tokens = tokenService({ store, keys, tenantId, issuer: urls.authority });
    const metrics = createMetrics();
    const authenticate = authenticator(tokens, urls);
    const http = createServer({
      ...{ tls, urls, metrics, logTo },
      logLevel: config.logLevel,
      authenticate,
    });
    const server = http.app;
    app = server;
    const clients = clientCredentials(
      store,
      assertionChecker(store, () => [urls.tokenEndpoint(), urls.authority()]),
    );
    await server.register(scope => identityRoutes(scope, { urls, keys, tokens, clients, tenantId }));
    await server.register(scope => healthRoutes(scope, { metrics, readiness: readinessProbe(store, files.root) }));
    const signatures = blobSignatures(await openSignatureKey(files.blobKey));
    const resourceManager = armService({
      ...{ home, store, tenantId, config: site, service: config },
      signBlobPath: signatures.sign,
      registry: metrics.registry,
      log: server.log,
    });
    arm = resourceManager;
    await server.register(scope => blobRoutes(scope, { files: new BlobFiles(store, home), signatures, authenticate }));
    await server.register(scope =>
      graphRoutes(scope, {
        store,
        address: urls.graph,
        authenticate: authenticator(tokens, urls, () => [urls.graph()]),
      }),
    );
    await server.register(scope =>
      runsRoutes(scope, { home, store, builds: resourceManager.services.builds, url: urls.base }),
    );
    await server.register(scope =>
      armRoutes(scope, {
        dispatcher: resourceManager.dispatcher,
        url: urls.base,
        dataVersion: store.dataVersion,
      }),
    );
    const port = await listen(server, config);
    url ??= `https://${publicHost(config.host)}:${port}`;
    await resourceManager.start();
    // After the address is the service's own: a start that fails must not use up the secret.
    const firstAdministrator = await administratorIfNone(store);
    await writeAddress(files, { url, tenantId, ownCertificate: config.tls.own !== undefined });
    const upkeep = setInterval(() => {
      const renew = async () => {
        await keys.renew();
        const fresh = await serverTls(files, config.tls.own, names);
        if (pairDigest(fresh) === pairDigest(tls)) return;
        tls = fresh;
        http.useCertificate(fresh);
        server.log.info('the certificate was renewed');
      };
      renew().catch((err: unknown) => server.log.error({ err }, 'keys or the certificate could not be renewed'));
    }, DAY_MS).unref();
    return {
      ...{ url, port, tenantId, firstAdministrator },
      close: async () => {
        clearInterval(upkeep);
        await closeServer(server);
        await resourceManager.stop(config.onStop);
        await unlock();
      },
    };
  } catch (error) {
    await app?.close();
    // Builds of a service before this one go on: they are nothing that this start has begun.
    await arm?.stop('leave');
    await unlock();
    throw error;
  }
}

async function listen(server: FastifyInstance, { host, port }: ServiceConfig): Promise<number> {
  try {
    // By a name Node would listen on several addresses, with a server for each.
    await server.listen({
      host: host === 'localhost' ? '127.0.0.1' : host,
      port,
      listenTextResolver: () => 'listening',
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw serviceError('ServiceCannotListen', { host, port, reason }, { cause });
  }
  const address = server.server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

/** @throws KilnError `ServiceAlreadyRunning` */
async function lockDatabase(url: string | undefined): Promise<() => Promise<void>> {
  if (url === undefined) return async () => undefined;
  const unlock = await claimDatabase(url);
  if (unlock !== undefined) return unlock;
  throw serviceError('ServiceAlreadyRunning', { home: `the database ${databaseName(url)}`, holder: 'Another process' });
}

async function closeServer(server: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), LAST_REQUESTS_MS);
  try {
    await server.close();
  } finally {
    clearTimeout(cut);
  }
}

async function administratorIfNone(store: Store): Promise<Service['firstAdministrator']> {
  const known = await listPrincipals(store);
  if (known.some(({ kind }) => kind === 'ServicePrincipal')) return undefined;
  const principal = await createPrincipal(store, { kind: 'ServicePrincipal', displayName: 'administrator' });
  const { secret } = await addSecret(store, principal);
  return { principal, secret };
}

/** By what clients on this machine, or on others, may call the service. */
function serverNames({ host, publicUrl, tls }: ServiceConfig): readonly string[] {
  const wildcard = host === '0.0.0.0' || host === '::';
  return [
    'localhost',
    '127.0.0.1',
    '::1',
    hostname(),
    ...(wildcard ? [] : [host]),
    ...(publicUrl === undefined ? [] : [new URL(publicUrl).hostname]),
    ...tls.names,
  ];
}

function publicHost(host: string): string {
  if (LOOPBACK.includes(host)) return 'localhost';
  if (host === '0.0.0.0' || host === '::') return hostname();
  return host.includes(':') ? `[${host}]` : host;
}
