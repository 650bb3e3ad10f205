import { randomUUID } from 'node:crypto';
import { userError } from '../build/user-error.ts';
import { parseSiteConfig } from '../config/site-config.ts';
import { OperationRunner } from '../jobs/operation-runner.ts';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { type Answer, Dispatcher } from './dispatcher.ts';
import type { ArmResponse, Caller, Provider } from './provider.ts';
import type { ProviderServices } from './services.ts';

export const SUBSCRIPTION = '6f3c1c1e-9d7a-4f0e-8a44-0d0c6a5d1b11';
export const CALLER: Caller = {
  objectId: 'c0ffee00-0000-4000-8000-000000000001',
  tenantId: 'e0ad1b7e-3f53-4f0f-9d57-6f6f8d1e2c22',
};
const BASE = 'https://localhost:8443';

export interface ProviderFixture extends StoreFixture {
  readonly services: ProviderServices;
  readonly runner: OperationRunner;
  /** Sends a request as a client does. `path` may have a query; `2021-04-01` is its version if it says none. A text is sent as it is. */
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The same, and waits for the end of the operation that it begins; what its address answers then, if it has one. */
  finished(method: string, path: string, body?: unknown): Promise<ArmResponse>;
  /** Waits for the end of the operation at an address. */
  done(url: string): Promise<void>;
  /** Goes on as another service does after a crash of this one. */
  restart(): Promise<void>;
}

/**
 * Resource providers over a store of their own.
 *
 * @param make the providers; `all` are those that there are, once they are made
 */
export async function providerFixture(
  make: (services: ProviderServices, all: () => readonly Provider[]) => readonly Provider[],
  own: Partial<ProviderServices> = {},
): Promise<ProviderFixture> {
  const base = await storeFixture();
  const { store, home } = base;
  const reject = async (): Promise<never> => {
    throw new Error('this test has no sources, artifacts and builds');
  };
  const services: ProviderServices = {
    home,
    store,
    config: parseSiteConfig('', 'config.yaml'),
    resolveSource: reject,
    releaseSource: async () => undefined,
    fetchArtifact: reject,
    builds: {
      accept: reject,
      cancel: reject,
      wake: () => undefined,
      position: async () => undefined,
      positions: async () => new Map(),
    },
    startOperation: id => runner.start(id),
    operationDone: id => runner.done(id),
    cancelOperation: (id, error) => runner.cancel(id, error),
    answer: call => dispatcher.answer(call),
    subscriptions: [{ id: SUBSCRIPTION, name: 'test' }],
    tenantId: CALLER.tenantId,
    signBlobPath: (path, expires, sp) => new URLSearchParams({ path, sp, se: expires.toISOString() }).toString(),
    templates: { allowUpdates: false, strictConflict: false },
    log: () => undefined,
    ...own,
  };
  const providers = make(services, () => providers);
  const asUserError = (thrown: unknown) => userError(thrown, 'internal');
  const newRunner = () =>
    new OperationRunner({
      store,
      works: providers.flatMap(({ works }) => works ?? []),
      userError: asUserError,
      log: services.log,
    });
  let runner = newRunner();
  const done = (url: string) => runner.done(new URL(url).pathname.split('/').at(-1) ?? '');
  const dispatcher = new Dispatcher({
    store,
    providers,
    subscriptions: async () => services.subscriptions.map(({ id }) => id),
    userError: asUserError,
  });
  const call = (method: string, path: string, body?: unknown) => {
    const url = new URL(path, BASE);
    if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2021-04-01');
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    const requestId = randomUUID().toUpperCase();
    return dispatcher.answer({ method, url, text, caller: CALLER, requestId, correlationId: randomUUID() });
  };
  return {
    ...base,
    services,
    get runner() {
      return runner;
    },
    call,
    done,
    restart: async () => {
      await runner.stop();
      runner = newRunner();
      await runner.resume();
    },
    finished: async (method, path, body) => {
      const answer = await call(method, path, body);
      const url = answer.headers?.['Azure-AsyncOperation'] ?? answer.headers?.['Location'];
      if (url === undefined) return answer;
      await done(url);
      return call('GET', url);
    },
    [Symbol.asyncDispose]: async () => {
      await runner.stop();
      await base[Symbol.asyncDispose]();
    },
  };
}
