import { setTimeout as delay } from 'node:timers/promises';
import { saidOf } from '../../../arm/error-body.ts';
import { KilnError } from '../../../errors/kiln-error.ts';
import { resourcesError } from '../../../errors/resources.ts';
import { findResource, insertResource, updateResource } from '../../../store/resources.ts';
import type { Store } from '../../../store/store.ts';
import type { Answer } from '../../dispatcher.ts';
import { isObject, objectIn } from '../../request-body.ts';
import { type AnswerError, errorOf, type InternalClient, type Settled } from '../internal-client.ts';
import type { DeploymentView, ResourceView } from './evaluation-protocol.ts';
import type { Evaluation } from './evaluator.ts';
import { named, OPERATION_TYPE, operationKey } from './stored-deployment.ts';

/** Resources that are deployed at once, of one deployment with all inside of it. */
const AT_ONCE = 8;
const PAUSE_MS = 300;
/** Told to the provider in the path and in the query. */
const NOT_IN_BODY = ['type', 'apiVersion', 'name'];

export interface Deploying {
  readonly store: Store;
  readonly evaluation: Evaluation;
  readonly client: InternalClient;
  readonly signal: AbortSignal;
  readonly turns: Turns;
  /** Makes and ends the record of a deployment inside of another around what is to be done in between. */
  readonly within: (
    resource: ResourceView,
    at: readonly string[],
    deploy: (view: DeploymentView) => Promise<Deployed>,
  ) => Promise<Deployed>;
  /** Takes out what must not be said. */
  readonly scrub: (error: AnswerError) => AnswerError;
}

/** What became of resources. */
export interface Deployed {
  /** Whether all are deployed. One that was not begun, because of another, is no error of its own. */
  readonly whole: boolean;
  readonly errors: readonly AnswerError[];
  readonly ids: readonly string[];
}

/** Lets so many go on at once; the others wait. */
export class Turns {
  #free = AT_ONCE;
  readonly #waiting: (() => void)[] = [];

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>(resolve => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}

/**
 * Deploys resources, each after those it depends on. What fails keeps those from being deployed that depend on it, and no others.
 *
 * @param at ids of the deployments around them
 * @param key of the deployment whose record says what was done
 */
export async function deployAll(
  deploying: Deploying,
  view: DeploymentView,
  at: readonly string[],
  key: string,
): Promise<Deployed> {
  const started = new Map<string, Promise<Deployed>>();
  // They come in the order of what they depend on.
  for (const resource of view.resources) {
    const before = resource.dependsOn.map(id => started.get(id.toLowerCase()));
    const own = Promise.all(before).then(all =>
      all.every(one => one?.whole !== false) ? deployOne(deploying, resource, at, key) : NOT_BEGUN,
    );
    started.set(resource.id.toLowerCase(), own);
  }
  const ends = await Promise.allSettled(started.values());
  const all: Deployed[] = [];
  for (const end of ends) {
    if (end.status === 'rejected') throw end.reason;
    all.push(end.value);
  }
  return {
    whole: all.every(({ whole }) => whole),
    errors: all.flatMap(({ errors }) => errors),
    ids: all.flatMap(({ ids }) => ids),
  };
}

const NOT_BEGUN: Deployed = { whole: false, errors: [], ids: [] };

async function deployOne(
  deploying: Deploying,
  resource: ResourceView,
  at: readonly string[],
  key: string,
): Promise<Deployed> {
  const { store, signal, scrub, turns } = deploying;
  signal.throwIfAborted();
  const record = await beginRecord(store, key, resource);
  const failed = async (status: number, said: AnswerError): Promise<Deployed> => {
    const failure = { ...scrub(said), target: said.target ?? resource.id };
    await endRecord(store, record, failure, status);
    return { whole: false, errors: [failure], ids: [] };
  };
  try {
    if (resource.isDeployment) {
      const inside = [...at, resource.id];
      const deploy = (view: DeploymentView) => deployAll(deploying, view, inside, resource.id.toLowerCase());
      const inner = await deploying.within(resource, inside, deploy);
      if (!inner.whole) {
        const said = saidOf(resourcesError('DeploymentFailed', {}));
        return { ...(await failed(409, { ...said, details: inner.errors })), ids: inner.ids };
      }
      await endRecord(store, record, undefined, 200);
      return inner;
    }
    const { status, failure } = await turns.take(() => putOne(deploying, resource, at, record));
    // What fails because the service stops, has not failed.
    signal.throwIfAborted();
    if (failure !== undefined) return await failed(status, failure);
    await endRecord(store, record, undefined, status);
    return { whole: true, errors: [], ids: [resource.id] };
  } catch (thrown) {
    const error: unknown = signal.aborted ? signal.reason : thrown;
    if (!(error instanceof KilnError)) throw thrown;
    const end = await failed(error.status, saidOf(error));
    // A deployment that was canceled is not to go on elsewhere.
    if (signal.aborted) throw error;
    return end;
  }
}

interface Put {
  readonly status: number;
  readonly failure?: AnswerError;
}

async function putOne(
  deploying: Deploying,
  resource: ResourceView,
  at: readonly string[],
  record: { readonly earlier: string | undefined },
): Promise<Put> {
  const { client, evaluation, signal } = deploying;
  const { id, apiVersion } = resource;
  const look = () => client.send('GET', id, apiVersion);
  signal.throwIfAborted();
  const body = resource.body ?? (await evaluation.body(at, id));
  let found: Answer | undefined;
  // What a service before this one had begun to make may still be at work.
  if (record.earlier !== undefined) found = await stable(look, signal);
  let status = 200;
  if (record.earlier !== 'Succeeded' || found?.status !== 200) {
    const sent = Object.fromEntries(Object.entries(body).filter(([name]) => !NOT_IN_BODY.includes(name)));
    const answer = await client.send('PUT', id, apiVersion, sent);
    const settled = await client.settled(answer, signal);
    if ('error' in settled) return { status: settled.status, failure: failureOf(settled, id) };
    status = answer.status;
    found = await stable(look, signal);
  }
  // A type that cannot be read is what was sent.
  const state = found?.status === 200 ? found.body : body;
  const provisioningState = stateIn(state);
  if (provisioningState === 'failed' || provisioningState === 'canceled') {
    return { status: 409, failure: terminalFailure(state, id, provisioningState) };
  }
  evaluation.add(id, state);
  return { status };
}

/** Reads a resource until nothing goes on with it any more. */
async function stable(look: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  for (;;) {
    const found = await look();
    const state = found.status === 200 ? stateIn(found.body) : undefined;
    if (state === undefined || ['succeeded', 'failed', 'canceled'].includes(state)) return found;
    await delay(PAUSE_MS, undefined, { signal });
  }
}

function stateIn(state: unknown): string | undefined {
  const value = objectIn(state, 'properties')['provisioningState'];
  return typeof value === 'string' ? value.toLowerCase() : undefined;
}

function failureOf({ error, later }: Extract<Settled, { error: AnswerError }>, target: string): AnswerError {
  return later ? terminal('Failed', target, error) : { ...error, target: error.target ?? target };
}

/** What a resource says of its failure, where there is nothing else that says it. */
function terminalFailure(body: unknown, target: string, state: string): AnswerError {
  const properties = objectIn(body, 'properties');
  const own = [properties['provisioningError'], properties['error']].find(isObject);
  return terminal(state === 'canceled' ? 'Canceled' : 'Failed', target, own && errorOf({ status: 409, body: own }));
}

function terminal(state: string, target: string, cause: AnswerError | undefined): AnswerError {
  return {
    code: 'ResourceDeploymentFailure',
    message: `The resource write operation failed to complete successfully, because it reached terminal provisioning state '${state}'.`,
    target,
    ...(cause === undefined ? {} : { details: [cause] }),
  };
}

async function beginRecord(store: Store, deploymentKey: string, { id }: ResourceView) {
  const key = operationKey(deploymentKey, id);
  const startedAt = new Date().toISOString();
  const properties = {
    provisioningOperation: 'Create',
    provisioningState: 'Running',
    timestamp: startedAt,
    duration: 'PT0S',
    targetResource: named(id),
  };
  return store.write(async trx => {
    const found = await findResource(trx, key);
    const own = { body: { properties }, provisioningState: 'Running' };
    if (found === undefined) {
      const nothing = { location: undefined, tags: undefined, internal: {}, createdBy: undefined };
      await insertResource(trx, { id: key, type: OPERATION_TYPE, parentKey: deploymentKey, ...nothing, ...own });
    } else await updateResource(trx, key, own);
    // As it was left by a service before this one.
    return { key, startedAt, earlier: found?.provisioningState };
  });
}

async function endRecord(
  store: Store,
  { key, startedAt }: { readonly key: string; readonly startedAt: string },
  failure: AnswerError | undefined,
  status: number,
): Promise<void> {
  const now = new Date();
  await store.write(async trx => {
    const found = await findResource(trx, key);
    if (found === undefined) return;
    const provisioningState = failure === undefined ? 'Succeeded' : 'Failed';
    const properties = {
      ...objectIn(found.body, 'properties'),
      provisioningState,
      timestamp: now.toISOString(),
      duration: `PT${((now.getTime() - new Date(startedAt).getTime()) / 1000).toFixed(3)}S`,
      statusCode: STATUS_NAMES[status] ?? String(status),
      ...(failure === undefined ? {} : { statusMessage: { status: 'Failed', error: failure } }),
    };
    await updateResource(trx, key, { body: { properties }, provisioningState });
  });
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  400: 'BadRequest',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalServerError',
};
