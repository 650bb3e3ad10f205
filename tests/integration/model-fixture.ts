import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import fastify from 'fastify';
import { Registry } from 'prom-client';
import { serviceConfig } from '../../src/config/service-config.ts';
import { parseSiteConfig } from '../../src/config/site-config.ts';
import type { RunStatus } from '../../src/events/build-event.ts';
import type { Answer } from '../../src/providers/dispatcher.ts';
import { type ArmService, armService } from '../../src/server/arm-service.ts';
import { storeFixture } from '../../src/store/store.fixture.ts';
import type { Store } from '../../src/store/store.ts';

export const SUBSCRIPTION = '00000000-0000-0000-0000-000000000000';
const WORKER = join(import.meta.dirname, 'model-worker-process.ts');
const PATIENCE_MS = 15_000;
/** Runs wait for being told to end, and not for each other. */
const ROOM = { concurrency: { cpus: 1000, memoryMiB: 10_000_000 } };
const CALLER = { objectId: 'c0ffee00-0000-4000-8000-000000000001', tenantId: 'e0ad1b7e-3f53-4f0f-9d57-6f6f8d1e2c22' };

/** What a client gets that was waiting when the service died. */
export class PowerCut extends Error {}

/** When the service is to die: with its so-manieth transaction, before or after that is committed. */
export interface Death {
  readonly transactions: number;
  readonly committed: boolean;
}

/** The service without its HTTP, which can die at any transaction, and whose workers build nothing. */
export interface ModelSite extends AsyncDisposable {
  readonly store: Store;
  /** @throws PowerCut */
  call(method: string, path: string, body?: unknown, clientRequestId?: string): Promise<Answer>;
  /** The service dies, soon or now, and nobody notices before `restart`. */
  dieAt(death: Death): void;
  /** Another service on what the one before has left. */
  restart(): Promise<void>;
  /** Waits until nothing goes on any more but runs whose end nobody has asked for. */
  settled(): Promise<void>;
  /** Has a worker end its run, and waits for that. */
  endRun(templateKey: string, status: RunStatus): Promise<void>;
  /** Kills the worker of a run, with the service looking on or not. */
  killWorker(templateKey: string): Promise<void>;
}

class Power {
  #left = Number.POSITIVE_INFINITY;
  #committed = false;
  #cut = false;

  cutAt({ transactions, committed }: Death): void {
    this.#left = transactions;
    this.#committed = committed;
    if (transactions === 0) this.#cut = true;
  }

  get isCut(): boolean {
    return this.#cut;
  }

  check(): void {
    if (this.#cut) throw new PowerCut('the service is dead');
  }

  async transaction<T>(run: (beforeCommit: () => void) => Promise<T>): Promise<T> {
    this.check();
    this.#left -= 1;
    const last = this.#left === 0;
    const result = await run(() => {
      if (last && !this.#committed) this.#cut = true;
      this.check();
    });
    if (last) this.#cut = true;
    this.check();
    return result;
  }
}

/** A store of which nothing is to be had when there is no power. */
function powered(base: Store, power: Power): Store {
  return {
    ...base,
    get db() {
      power.check();
      return base.db;
    },
    write: work =>
      power.transaction(beforeCommit =>
        base.write(async trx => {
          const result = await work(trx);
          beforeCommit();
          return result;
        }),
      ),
  };
}

export async function modelSite(): Promise<ModelSite> {
  const base = await storeFixture();
  const { home, store } = base;
  const config = parseSiteConfig('location: westus2', 'config.yaml');
  const told = join(home.root, 'told');
  await mkdir(told);
  await mkdir(home.runs, { recursive: true });
  let power: Power;
  let service: ArmService;
  const start = async (): Promise<void> => {
    power = new Power();
    service = armService({
      ...{ home, config, store: powered(store, power), tenantId: CALLER.tenantId, registry: new Registry() },
      service: serviceConfig({
        ...{ file: ROOM, fileName: 'config.yaml', siteLocation: config.location, environment: {}, flags: new Map() },
      }),
      signBlobPath: () => '',
      log: fastify().log,
      queue: { workerProgram: WORKER, pollMs: 50 },
    });
    await service.start();
  };
  await start();
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    const end = Date.now() + PATIENCE_MS;
    while (!(await isSo())) {
      if (Date.now() > end) throw new Error(`${what} is not so after ${PATIENCE_MS} ms`);
      await delay(5);
    }
  };
  const activeRun = (key: string) =>
    store.db
      .selectFrom('runs')
      .selectAll()
      .where('template_key', '=', key.toLowerCase())
      .where('status', 'in', ['Queued', 'Running'])
      .executeTakeFirst();
  const die = (): void => power.cutAt({ transactions: 0, committed: false });
  const stopDead = (): Promise<void> => service.stop('finish').catch(() => undefined);
  const restart = async (): Promise<void> => {
    die();
    await stopDead();
    await start();
  };
  return {
    ...{ store, restart },
    async call(method, path, body, clientRequestId) {
      const own = power;
      const url = new URL(path, 'https://localhost:8443');
      if (!url.searchParams.has('api-version')) url.searchParams.set('api-version', '2024-02-01');
      const text = body === undefined ? '' : JSON.stringify(body);
      const ids = { requestId: randomUUID().toUpperCase(), correlationId: randomUUID(), clientRequestId };
      const answer = await service.dispatcher.answer({ method, url, text, caller: CALLER, ...ids });
      if (own.isCut) throw new PowerCut('the service died before it answered');
      return answer;
    },
    dieAt: death => power.cutAt(death),
    settled: () =>
      until('that all has settled', async () => {
        const rows = await store.db
          .selectFrom('operations')
          .leftJoin('runs', 'runs.operation_id', 'operations.id')
          .select(['operations.id', 'runs.cancel_requested', 'runs.status'])
          .where('operations.status', '=', 'InProgress')
          .execute();
        return rows.every(run => run.cancel_requested === 0 && (run.status === 'Queued' || run.status === 'Running'));
      }),
    async endRun(key, status) {
      const run = await activeRun(key);
      if (run === undefined) throw new Error(`${key} has no run that could be ended`);
      await writeFile(join(told, run.id), status);
      await until(`the end of run ${run.id}`, async () => (await activeRun(key)) === undefined);
    },
    async killWorker(key) {
      await until(`that the run of ${key} is at work`, async () => (await activeRun(key))?.status !== 'Queued');
      const run = await activeRun(key);
      process.kill(Number(run?.owner?.split('-')[0]), 'SIGKILL');
    },
    async [Symbol.asyncDispose]() {
      if (power.isCut) await restart();
      const left = await store.db.selectFrom('runs').select('id').where('ended_at', 'is', null).execute();
      for (const { id } of left) await writeFile(join(told, id), 'Failed');
      await service.stop('finish');
      // One that was started for a service that died may not have looked at its run yet.
      const runs = await store.db.selectFrom('runs').select('id').execute();
      await until('that no worker is left', async () => !(await workersOf(runs.map(({ id }) => id))));
      await base[Symbol.asyncDispose]();
    },
  };
}

async function workersOf(runs: readonly string[]): Promise<boolean> {
  for (const pid of await readdir('/proc')) {
    const [, program, run = ''] = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    if (program === WORKER && runs.includes(run)) return true;
  }
  return false;
}
