import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { Option } from 'commander';
import { Agent } from 'undici';
import { remoteError } from '../../errors/remote.ts';
import { kilnHome } from '../../home/kiln-home.ts';
import { serviceDirectory } from '../../home/service-directory.ts';
import { ServerClient } from './server-client.ts';

/** A server breaks the silence of its streams every 15 s: a connection on which nothing comes for so long is dead. */
const SILENCE_MS = 60_000;

export interface ServerOptions {
  /** Address of the server; nothing for this machine's own home. */
  readonly server?: string;
  readonly subscription?: string;
}

export function serverOption(): Option {
  return new Option(
    '--server <url>',
    'work against `kiln serve` at this address instead of the home of this machine',
  ).env('KILN_SERVER');
}

export function subscriptionOption(): Option {
  return new Option('--subscription <id>', "subscription on the server; the server's first when absent").env(
    'KILN_SUBSCRIPTION',
  );
}

/**
 * Works against a server, as the client that the environment names.
 *
 * @throws KilnError those of `errors/remote.ts`
 */
export async function withServer<T>(
  options: ServerOptions & { readonly server: string },
  work: (client: ServerClient, subscription: string) => Promise<T>,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<T> {
  const url = addressOf(options.server);
  const clientId = needed('KILN_CLIENT_ID', environment);
  const clientSecret = needed('KILN_CLIENT_SECRET', environment);
  const connect = { ca: [...rootCertificates, ...authorities(environment)] };
  const dispatcher = new Agent({ connect, bodyTimeout: SILENCE_MS });
  const client = new ServerClient(url, dispatcher, { clientId, clientSecret });
  try {
    return await work(client, options.subscription ?? (await client.subscription()));
  } finally {
    await client.close();
  }
}

function addressOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : undefined;
  // A secret is sent there: nobody on the way may read it.
  if (url?.protocol !== 'https:' || url.pathname !== '/' || url.username !== '') {
    throw remoteError('ServerUrlInvalid', { url: server.replace(/\/\/[^/]*@/, '//…@') });
  }
  return url.origin;
}

function needed(name: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[name];
  if (value === undefined || value === '') throw remoteError('ServerCredentialsMissing', { missing: name });
  return value;
}

/** The one that `KILN_CA_FILE` names, else that of the service on this machine's own home, if it has one. */
function authorities(environment: NodeJS.ProcessEnv): readonly string[] {
  const named = environment['KILN_CA_FILE'];
  if (named !== undefined && named !== '') {
    try {
      return [readFileSync(named, 'utf8')];
    } catch (cause) {
      throw remoteError('ServerFileUnreadable', { file: named, reason: (cause as Error).message }, { cause });
    }
  }
  const { authority } = serviceDirectory(kilnHome(environment).service);
  return existsSync(authority) ? [readFileSync(authority, 'utf8')] : [];
}
