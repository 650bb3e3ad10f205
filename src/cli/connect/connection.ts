import { readFile } from 'node:fs/promises';
import type { SiteConfig } from '../../config/site-config.ts';
import { serviceError } from '../../errors/service.ts';
import type { KilnHome } from '../../home/kiln-home.ts';
import { serviceDirectory } from '../../home/service-directory.ts';
import { listPrincipals } from '../../identity/principals.ts';
import { lastAddress } from '../../server/service-lock.ts';
import type { Store } from '../../store/store.ts';

/** What a client has to know to use a service. */
export interface Connection {
  /** Without a slash at its end. */
  readonly url: string;
  readonly tenantId: string;
  /** File of the authority to trust; `undefined` when the certificate is one of the site's own. */
  readonly authority: string | undefined;
  readonly subscription: string;
  /** `undefined` when there are several who could log in. */
  readonly clientId: string | undefined;
  readonly secret: string | undefined;
}

/**
 * How to reach the service that was started last on a home. The secret is not known any more.
 *
 * @throws KilnError `ServiceNeverStarted`
 */
export async function lastConnection(home: KilnHome, config: SiteConfig, store: Store): Promise<Connection> {
  const files = serviceDirectory(home.service);
  const last = await lastAddress(files);
  if (last === undefined) throw serviceError('ServiceNeverStarted', { home: home.root });
  const able = (await listPrincipals(store)).filter(({ kind, disabled }) => kind === 'ServicePrincipal' && !disabled);
  return {
    url: last.url,
    tenantId: last.tenantId,
    authority: last.ownCertificate ? undefined : files.authority,
    subscription: config.subscription,
    clientId: able.length === 1 ? able[0]?.appId : undefined,
    secret: undefined,
  };
}

/** The certificate to trust, PEM. */
export async function authorityOf({ authority }: Connection): Promise<string | undefined> {
  return authority === undefined ? undefined : readFile(authority, 'utf8');
}

/** A word as a shell takes it literally. */
export function quoted(word: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
