import { setTimeout as delay } from 'node:timers/promises';
import { type Dispatcher, request } from 'undici';
import { z } from 'zod';
import { KilnError } from '../../errors/kiln-error.ts';
import { remoteError } from '../../errors/remote.ts';
import { printable } from '../../events/printable.ts';

export interface ServerAnswer {
  readonly status: number;
  header(name: string): string | undefined;
  /** The body, if it is JSON. */
  readonly body: unknown;
  readonly text: string;
}

export interface ServerCall {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** With the query; or a whole address that the server gave. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses, besides those below 400, that are no errors here. */
  readonly expected?: readonly number[];
  /** Ends the call, and what is still to come of its body, with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const said = z.object({ code: z.string(), message: z.string(), target: z.string().optional() });
const envelope = z.union([z.object({ error: said }), said.transform(error => ({ error }))]);
const detailed = z.object({
  error: z.object({
    details: z.array(said.extend({ line: z.number(), column: z.number() }).partial({ line: true, column: true })),
  }),
});
const granted = z.object({ access_token: z.string(), expires_in: z.coerce.number() });
const refused = z.object({ error_description: z.string() });
const operation = z.object({ status: z.string(), error: said.nullish() });
const subscriptions = z.object({ value: z.array(z.object({ subscriptionId: z.string() })).min(1) });

/** For what every Kiln issues tokens, by whatever address it is called. */
const SCOPE = 'https://management.azure.com/.default';
/** Before a token ends it is got anew. */
const SPARE_MS = 60_000;
const POLL_SECONDS = 2;
const LONGEST_POLL_SECONDS = 30;

/** A client of `kiln serve`. */
export class ServerClient {
  /** Without a slash at its end. */
  readonly url: string;
  readonly #dispatcher: Dispatcher;
  readonly #credentials: Credentials;
  #token: { readonly text: string; readonly until: number } | undefined;

  constructor(url: string, dispatcher: Dispatcher, credentials: Credentials) {
    this.url = url;
    this.#dispatcher = dispatcher;
    this.#credentials = credentials;
  }

  /**
   * @throws KilnError with the server's code for what it refuses; `ServerUnreachable`, `ServerLoginFailed`,
   *   `ServerAnswerUnreadable`
   */
  async call(call: ServerCall): Promise<ServerAnswer> {
    const { expected = [] } = call;
    const response = await this.#send(call);
    const text = await response.body.text().catch(cause => this.#failed(cause, call.signal));
    const answer = { status: response.statusCode, text, body: parsed(text), header: headerOf(response) };
    if (answer.status >= 400 && !expected.includes(answer.status)) throw this.#errorOf(answer);
    return answer;
  }

  /** `call`, with a body of a known form. */
  async json<T>(schema: z.ZodType<T>, call: ServerCall): Promise<T> {
    const answer = await this.call(call);
    const result = schema.safeParse(answer.body);
    if (result.success) return result.data;
    throw this.#unreadable(
      answer.status,
      `a body without what was asked for (${result.error.issues[0]?.path.join('.')})`,
    );
  }

  /** The body of an answer as it comes. */
  async stream(call: ServerCall): Promise<{ readonly status: number; readonly body: AsyncIterable<Buffer> }> {
    const response = await this.#send(call);
    if (response.statusCode < 400) return { status: response.statusCode, body: response.body };
    const text = await response.body.text().catch(cause => this.#failed(cause, call.signal));
    throw this.#errorOf({ status: response.statusCode, text, body: parsed(text) });
  }

  /** Waits for the end of what a request began. @throws KilnError what it failed for. */
  async wait(begun: ServerAnswer, signal: AbortSignal): Promise<void> {
    const url = begun.header('azure-asyncoperation');
    if (url === undefined) return;
    for (let answer = begun; ; ) {
      const seconds = Number(answer.header('retry-after') ?? POLL_SECONDS) || POLL_SECONDS;
      await delay(Math.min(seconds, LONGEST_POLL_SECONDS) * 1000, undefined, { signal });
      answer = await this.call({ path: url, signal });
      const { status, error } = operation.parse(answer.body);
      if (status === 'Succeeded') return;
      if (status !== 'Failed' && status !== 'Canceled') continue;
      const exit = status === 'Canceled' ? 130 : 1;
      throw new KilnError(error?.code ?? status, exit, printable(error?.message ?? `It ended as ${status}.`), '');
    }
  }

  /** The only subscription that a server has, or its first. */
  async subscription(): Promise<string> {
    const { value } = await this.json(subscriptions, { path: '/subscriptions?api-version=2022-12-01' });
    return value[0]?.subscriptionId ?? '';
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async #send({ method = 'GET', path, body, headers = {}, signal }: ServerCall): Promise<Dispatcher.ResponseData> {
    const authorization = `Bearer ${await this.#validToken(signal)}`;
    const content = body === undefined ? {} : { 'content-type': 'application/json' };
    // What the server calls itself may not be what it is reached by from here.
    const url = new URL(path, this.url);
    return request(`${this.url}${url.pathname}${url.search}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: { ...headers, ...content, authorization },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch(cause => this.#failed(cause, signal));
  }

  async #validToken(signal: AbortSignal | undefined): Promise<string> {
    if (this.#token !== undefined && Date.now() < this.#token.until) return this.#token.text;
    const { clientId, clientSecret } = this.#credentials;
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret, scope: SCOPE };
    const response = await request(`${this.url}/adfs/oauth2/token`, {
      method: 'POST',
      dispatcher: this.#dispatcher,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
      ...(signal === undefined ? {} : { signal }),
    }).catch(cause => this.#failed(cause, signal));
    const body = parsed(await response.body.text().catch(cause => this.#failed(cause, signal)));
    const token = granted.safeParse(body);
    if (!token.success) {
      const reason = refused.safeParse(body).data?.error_description;
      if (reason === undefined) throw this.#unreadable(response.statusCode, 'no token');
      throw remoteError('ServerLoginFailed', { reason: printable(reason.split('\r\n')[0] ?? '') });
    }
    const { access_token: text, expires_in: seconds } = token.data;
    this.#token = { text, until: Date.now() + seconds * 1000 - SPARE_MS };
    return text;
  }

  #errorOf({ status, body }: Pick<ServerAnswer, 'status' | 'body' | 'text'>): KilnError {
    const result = envelope.safeParse(body);
    if (!result.success) return this.#unreadable(status, 'no error that says why');
    const { code, message, target } = result.data.error;
    const details = (detailed.safeParse(body).data?.error.details ?? []).map(
      ({ line, column, target: place, ...detail }) => ({
        ...detail,
        ...(place === undefined ? {} : { target: place }),
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      }),
    );
    const options = { status, details, ...(target === undefined ? {} : { target }) };
    return new KilnError(code, status < 500 ? 2 : 1, printable(message), '', options);
  }

  #unreadable(status: number, what: string): KilnError {
    return remoteError('ServerAnswerUnreadable', { url: this.url, status, what });
  }

  #failed(cause: unknown, signal: AbortSignal | undefined): never {
    signal?.throwIfAborted();
    throw unreachable(this.url, cause);
  }
}

/** What a connection failed with, as `ServerUnreachable`. */
export function unreachable(url: string, cause: unknown): KilnError {
  const reason = cause instanceof Error ? cause.message || cause.name : String(cause);
  return remoteError('ServerUnreachable', { url, reason }, { cause });
}

function headerOf({ headers }: Dispatcher.ResponseData): ServerAnswer['header'] {
  return name => {
    const value = headers[name];
    return typeof value === 'string' ? value : undefined;
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
