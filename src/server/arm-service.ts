import type { FastifyBaseLogger } from 'fastify';
import type { Registry } from 'prom-client';
import { buildServices, type OpenedHome } from '../build/open-services.ts';
import { userError } from '../build/user-error.ts';
import type { ServiceConfig } from '../config/service-config.ts';
import { HostQueue, type HostQueueOptions, type StopMode } from '../jobs/host-queue.ts';
import { OperationRunner } from '../jobs/operation-runner.ts';
import { allProviders } from '../providers/all.ts';
import { Dispatcher } from '../providers/dispatcher.ts';
import type { ProviderServices } from '../providers/services.ts';
import { TriggerWatch } from '../providers/virtual-machine-images/trigger-watch.ts';

export interface ArmServiceParts extends OpenedHome {
  readonly service: ServiceConfig;
  readonly tenantId: string;
  readonly signBlobPath: ProviderServices['signBlobPath'];
  readonly registry: Registry;
  readonly log: FastifyBaseLogger;
  /** For tests, which build nothing. */
  readonly queue?: Pick<HostQueueOptions, 'workerProgram' | 'pollMs'>;
}

/** Azure Resource Manager on a home: the resource providers, and the work that they leave to be done. */
export interface ArmService {
  readonly dispatcher: Dispatcher;
  readonly services: ProviderServices;
  /** Goes on with what a service before this one did not end. */
  start(): Promise<void>;
  stop(mode: StopMode): Promise<void>;
}

export function armService(parts: ArmServiceParts): ArmService {
  const { home, store, service, tenantId, registry, signBlobPath } = parts;
  const config = { ...parts.config, location: service.location };
  const log = (message: string, cause?: unknown): void => {
    if (cause === undefined) parts.log.info(message);
    else parts.log.error({ err: cause }, message);
  };
  const asUserError = (thrown: unknown) => userError(thrown, home.root);
  const build = buildServices({ home, config, store });
  const queue = new HostQueue({
    services: build,
    concurrency: service.concurrency,
    retention: service.retention,
    ...parts.queue,
    registry,
    log,
  });
  const services: ProviderServices = {
    home,
    config,
    store,
    resolveSource: build.resolveSource,
    releaseSource: build.releaseSource,
    fetchArtifact: build.fetchArtifact,
    builds: queue,
    startOperation: id => runner.start(id),
    operationDone: id => runner.done(id),
    cancelOperation: (id, error) => runner.cancel(id, error),
    answer: call => dispatcher.answer(call),
    subscriptions: [{ id: config.subscription, name: 'Kiln' }],
    tenantId,
    signBlobPath,
    templates: { allowUpdates: service.allowUpdates, strictConflict: service.strictConflict },
    log,
  };
  const providers = allProviders(services);
  const works = providers.flatMap(provider => provider.works ?? []);
  const runner = new OperationRunner({ store, works, userError: asUserError, log });
  const dispatcher = new Dispatcher({
    store,
    providers,
    subscriptions: async () => services.subscriptions.map(({ id }) => id),
    userError: asUserError,
  });
  const triggers = new TriggerWatch(services);
  return {
    dispatcher,
    services,
    async start() {
      await runner.resume();
      queue.start();
      triggers.start(service.triggers.pollMinutes);
    },
    async stop(mode) {
      await triggers.stop();
      await runner.stop();
      await queue.stop(mode);
    },
  };
}
