import { EnvHttpProxyAgent, request } from 'undici';
import { artifactError } from '../errors/artifacts.ts';
import { configError } from '../errors/config.ts';
import { type EgressRules, guardedConnector, literalDenial } from './connector.ts';
import type { FetchLimits } from './fetch-limits.ts';
import { parsedUri, shownUri } from './shown-uri.ts';

export interface Answer {
  readonly status: number;
  header(name: string): string | undefined;
  /** The bytes as the server sent them. To be read or dropped. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads what is left (if it is little) so that nothing dangles. */
  drop(): Promise<void>;
}

export interface HttpClient extends AsyncDisposable {
  /** One GET, redirects followed. Answers with an error status are answers. */
  get(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Answer>;
}

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * A client that follows the egress rules at every hop. `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment
 * are honoured. The proxy itself is the operator's choice and is not judged. Behind it, it is the proxy that resolves
 * names: what is judged here then are only addresses that the URL itself names, and `localhost`.
 */
export function httpClient(rules: EgressRules, limits: FetchLimits, environment: NodeJS.ProcessEnv): HttpClient {
  const dispatcher = new EnvHttpProxyAgent({
    allowH2: false,
    connect: guardedConnector(rules, limits.connect),
    connectTimeout: limits.connect,
    headersTimeout: limits.headers,
    bodyTimeout: limits.idle,
    httpProxy: proxyOf('http', environment),
    httpsProxy: proxyOf('https', environment),
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
  });
  return {
    get: async (start, headers, signal) => {
      let url = start;
      for (let hops = 0; hops <= limits.redirects; hops += 1) {
        checkUrl(url, rules);
        const {
          statusCode,
          headers: received,
          body,
        } = await request(withoutCredentials(url), {
          dispatcher,
          signal,
          headers: { ...headers, ...credentials(url), 'accept-encoding': 'identity', 'user-agent': 'kiln' },
        });
        const answer: Answer = {
          status: statusCode,
          header: name => [received[name]].flat()[0],
          body,
          drop: () => body.dump({ limit: 65_536, signal }).catch(() => undefined),
        };
        if (!REDIRECTS.includes(statusCode)) return answer;
        await answer.drop();
        url = redirected(url, answer.header('location'));
      }
      throw artifactError('RedirectDenied', {
        uri: shownUri(start),
        reason: `there are more than ${limits.redirects} redirects`,
      });
    },
    [Symbol.asyncDispose]: () => dispatcher.destroy(),
  };
}

function checkUrl(url: URL, rules: EgressRules): void {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw artifactError('UnsupportedScheme', { uri: shownUri(url), scheme: url.protocol.slice(0, -1) });
  }
  const denial = literalDenial(url.hostname, url.href, rules);
  if (denial !== undefined) throw denial;
}

function redirected(from: URL, location: string | undefined): URL {
  const refuse = (reason: string) => artifactError('RedirectDenied', { uri: shownUri(from), reason });
  if (location === undefined) throw refuse('the redirect names no location');
  const to = URL.parse(location, from.href);
  if (to === null) throw refuse('the redirect leads to something that is not a URL');
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refuse(`it redirects from https to ${shownUri(to)}, which anyone on the way could change`);
  }
  return to;
}

/** User name and password of a URL belong to its own origin: they are derived anew at each hop. */
function credentials(url: URL): Record<string, string> {
  if (url.username === '' && url.password === '') return {};
  const pair = `${unescaped(url.username)}:${unescaped(url.password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** A percent sign that escapes nothing stands for itself. */
function unescaped(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, escapes =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function withoutCredentials(url: URL): URL {
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  bare.hash = '';
  return bare;
}

/** Empty for none: an absent option would make the agent look at this process's own environment. */
function proxyOf(scheme: 'http' | 'https', environment: NodeJS.ProcessEnv): string {
  const variable = `${scheme.toUpperCase()}_PROXY`;
  const proxy = environment[variable.toLowerCase()] ?? environment[variable] ?? '';
  if (proxy !== '' && parsedUri(proxy) === undefined) {
    throw configError('ConfigInvalid', { file: 'of the environment', path: variable, reason: 'it is not a URL' });
  }
  return proxy;
}
