import { KilnError } from '../errors/kiln-error.ts';

/** Why one attempt of a download ended, and whether another one could do better. */
export interface Failure {
  readonly retry: boolean;
  readonly reason: string;
  readonly hint: string;
  /** Milliseconds that the server asked to wait. */
  readonly wait?: number;
}

const NETWORK_HINT = 'Check the address and the network of this machine. Behind a proxy, set HTTPS_PROXY and NO_PROXY.';
const CERTIFICATE_HINT =
  'If the server has a certificate of your own authority, set NODE_EXTRA_CA_CERTS to the file with that authority.';
const TLS_HINT =
  'The server and this machine have no version and no cipher suite of TLS in common, or the server does not speak TLS there. `curl -v` shows more.';

/**
 * What an error of the HTTP client means when nobody asked to stop. Errors that are not about the connection are
 * thrown again. A refusal by a proxy is one that the client calls an abort: no other attempt would fare better.
 */
export function connectionFailure(error: unknown): Failure {
  const causes = chain(error);
  const known = causes.find(cause => cause instanceof KilnError);
  if (known !== undefined) throw known;
  const codes = causes.map(codeOf).filter(code => code !== '');
  if (codes.some(code => /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(code))) {
    return { retry: false, reason: lastMessage(causes), hint: CERTIFICATE_HINT };
  }
  const handshake = causes.find(cause => codeOf(cause).startsWith('ERR_SSL'));
  if (handshake !== undefined) return { retry: false, reason: `TLS: ${tlsReason(handshake)}`, hint: TLS_HINT };
  if (codes.includes('ENOTFOUND')) return { retry: false, reason: 'the host name is unknown', hint: NETWORK_HINT };
  if (codes.some(code => /^(UND_ERR|HPE_|EAI_|E(?!RR_)[A-Z]+$)/.test(code))) {
    const final = codes.some(code => ['UND_ERR_ABORTED', 'UND_ERR_INVALID_ARG', 'UND_ERR_PRX_TLS'].includes(code));
    return { retry: !final, reason: lastMessage(causes), hint: NETWORK_HINT };
  }
  throw error;
}

/** What an answer with an error status means. */
export function statusFailure(status: number, header: (name: string) => string | undefined): Failure {
  const detail = header('x-ms-error-code');
  const reason = `HTTP ${status}${detail === undefined ? '' : ` ${detail}`}`;
  const wait = retryAfter(header('retry-after'));
  const retry = status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
  return { retry, reason, hint: hintFor(status), ...(wait === undefined ? {} : { wait }) };
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) {
    return 'The server wants a permission. If the URL holds a signature (SAS), it may have expired: make a new one.';
  }
  if (status === 407) return 'The proxy wants a user name and a password: put them into HTTP_PROXY and HTTPS_PROXY.';
  if (status >= 500 || status === 429) return 'The server has a problem of its own. Try again later.';
  return 'Open the address in a browser or with `curl -v` to see what the server says.';
}

/** `Retry-After` in milliseconds: it is a number of seconds or a date. */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function chain(error: unknown): unknown[] {
  const causes: unknown[] = [];
  for (let at = error; at instanceof Error && !causes.includes(at); at = at.cause) {
    causes.push(at);
    if (at instanceof AggregateError) causes.push(...at.errors);
  }
  return causes;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The message of the TLS library names its threads and source files; what it gives besides is the reason alone. */
function tlsReason(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') return error.reason;
  return lastMessage([error]);
}

/** The deepest message says most: `connect ECONNREFUSED 192.0.2.1:443`. */
function lastMessage(causes: readonly unknown[]): string {
  const deepest = causes.findLast(cause => cause instanceof Error && cause.message !== '');
  return deepest instanceof Error ? deepest.message.replace(/\s+/g, ' ') : 'the connection failed';
}
