import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../dispatcher.ts';
import type { Caller, Provider } from '../provider.ts';
import { isObject } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';

/** For whom other resource providers are asked, as the request did that began it all. */
export interface OnBehalf {
  readonly caller: Caller;
  readonly baseUrl: string;
  readonly correlationId: string;
}

/** What an operation has kept of the request that began it. */
export function behalfIn(input: unknown): OnBehalf {
  if (!isObject(input) || typeof input['baseUrl'] !== 'string' || typeof input['correlationId'] !== 'string')
    throw new Error('An operation does not say for whom it is');
  return { caller: callerIn(input['caller']), baseUrl: input['baseUrl'], correlationId: input['correlationId'] };
}

function callerIn(value: unknown): Caller {
  if (!isObject(value) || typeof value['objectId'] !== 'string' || typeof value['tenantId'] !== 'string')
    throw new Error('An operation does not say whose it is');
  return { ...value, objectId: value['objectId'], tenantId: value['tenantId'] };
}

/** An error as it stands in the body of an answer. */
export interface AnswerError {
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly details?: readonly AnswerError[];
}

/** How a request ended, with everything that it began. */
export type Settled =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly error: AnswerError; readonly later: boolean };

/** Polls become rarer, up to so many milliseconds. */
const LONGEST_PAUSE_MS = 1000;

/** Sends requests to other resource providers as a client does, and waits for what goes on after their answers. */
export class InternalClient {
  readonly #answer: ProviderServices['answer'];
  readonly #behalf: OnBehalf;

  constructor(services: Pick<ProviderServices, 'answer'>, behalf: OnBehalf) {
    this.#answer = services.answer;
    this.#behalf = behalf;
  }

  /** @param id of a resource; a query may follow it */
  send(method: string, id: string, apiVersion: string, body?: unknown): Promise<Answer> {
    const url = new URL(this.#behalf.baseUrl + encodeURI(id));
    url.searchParams.set('api-version', apiVersion);
    return this.#send(method, url, body);
  }

  /**
   * Waits until what an answer began has ended. `later` of an error says that it came after the answer.
   *
   * @param pause is called between two looks, and may throw to end the waiting
   */
  async settled(
    answer: Answer,
    signal: AbortSignal,
    pause: () => Promise<void> = async () => undefined,
  ): Promise<Settled> {
    if (answer.status >= 400) return { status: answer.status, error: errorOf(answer), later: false };
    const status = answer.headers?.['Azure-AsyncOperation'];
    const address = status ?? answer.headers?.['Location'];
    if (address === undefined) return { status: answer.status, body: answer.body };
    for (let wait = 20; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
      const look = await this.#send('GET', new URL(address));
      const state = status === undefined ? undefined : stateIn(look);
      if (look.status >= 400 || state === 'failed' || state === 'canceled')
        return { status: look.status >= 400 ? look.status : 409, error: errorOf(look), later: true };
      if (state === 'succeeded' || (status === undefined && look.status !== 202))
        return { status: 200, body: look.body };
      await pause();
      await delay(wait, undefined, { signal });
    }
  }

  #send(method: string, url: URL, body?: unknown): Promise<Answer> {
    const { caller, correlationId } = this.#behalf;
    const text = body === undefined ? '' : JSON.stringify(body);
    return this.#answer({ method, url, text, caller, correlationId, requestId: randomUUID().toUpperCase() });
  }
}

/** The version in which Resource Manager itself asks for a resource: its type's newest that is no preview. */
export function newestVersion(providers: readonly Provider[], type: string): string | undefined {
  const [namespace = '', ...rest] = type.toLowerCase().split('/');
  const provider = providers.find(one => one.namespace.toLowerCase() === namespace);
  const found = provider?.types.find(({ resourceType }) => resourceType.toLowerCase() === rest.join('/'));
  const versions = found?.apiVersions ?? [];
  return versions.find(version => !/preview/i.test(version)) ?? versions[0];
}

/** The error in an answer, in an envelope or without one. */
export function errorOf({ status, body }: Pick<Answer, 'status' | 'body'>): AnswerError {
  const inner = isObject(body) && isObject(body['error']) ? body['error'] : body;
  return readError(inner) ?? { code: 'InternalServerError', message: `The answer had the status ${status}.` };
}

function readError(value: unknown): AnswerError | undefined {
  if (!isObject(value)) return undefined;
  const { code, message, target, details } = value;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  const inner = Array.isArray(details) ? details.map(readError).filter(one => one !== undefined) : [];
  return {
    code,
    message,
    ...(typeof target === 'string' ? { target } : {}),
    ...(inner.length === 0 ? {} : { details: inner }),
  };
}

function stateIn({ body }: Answer): string | undefined {
  const status = isObject(body) ? body['status'] : undefined;
  return typeof status === 'string' ? status.toLowerCase() : undefined;
}
