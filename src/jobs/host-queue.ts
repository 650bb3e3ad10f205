import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Registry } from 'prom-client';
import type { BuildServices } from '../build/services.ts';
import { hostCapacity } from '../build/stages/resolve.ts';
import { sweepRuns } from '../build/sweep.ts';
import { buildError } from '../errors/build.ts';
import type { BuildEventBody } from '../events/build-event.ts';
import { beginOperation } from '../store/operations.ts';
import { acceptanceTime, isAbandoned, type QueuedRun, runsInQueue } from '../store/run-queue.ts';
import { acceptRun, endRun, getRun, requestCancel } from '../store/runs.ts';
import type { StoreTransaction } from '../store/store.ts';
import type { AcceptedRequest, BuildQueue } from './build-queue.ts';
import { runsWithKeptMachines } from './kept-runs.ts';
import { applyRetention, type Retention } from './retention.ts';
import { type RunMetrics, runMetrics } from './run-metrics.ts';
import { StartFailures } from './start-failures.ts';
import { fitting, groupOf, inTurn, type Limits } from './turns.ts';
import { askToHandBack, isHere, startWorker } from './worker-process.ts';

export interface HostQueueOptions {
  readonly services: Pick<BuildServices, 'home' | 'store' | 'releaseSource'>;
  /** What is not given is as much as the machine has; of runs, as many as fit. */
  readonly concurrency?: { readonly [limit in keyof Limits]?: number | undefined };
  readonly retention?: Retention;
  readonly log: (message: string, cause?: unknown) => void;
  readonly registry?: Registry;
  /** What runs are worked on by, instead of Kiln's worker, and how often the queue is looked at: for tests. */
  readonly workerProgram?: string;
  readonly pollMs?: number;
}

/** What a stopping service does with the runs that are at work: let them end, have them go back to the queue, or let them be. */
export type StopMode = 'finish' | 'hand-back' | 'leave';

/** Kind of the operations by which clients wait for runs. */
export const RUN_OPERATION = 'Microsoft.VirtualMachineImages/imageTemplates/run';

const POLL_MS = 1000;
const STOP_POLL_MS = 100;
const HOUR_MS = 3_600_000;

/**
 * The queue of this host. Its state is in the database; each run is worked on by a process of its own, which outlives this one,
 * and which the next service finds at work.
 */
export class HostQueue implements BuildQueue {
  readonly #options: HostQueueOptions;
  readonly #limits: Limits;
  readonly #metrics: RunMetrics | undefined;
  /** Processes that were started here and still run. */
  readonly #children = new Map<string, ChildProcess>();
  readonly #failures: StartFailures;
  readonly #lastTurns = new Map<string, number>();
  /** Runs that had not ended when they were looked at last. */
  #unfinished: ReadonlySet<string> = new Set();
  #turn = 0;
  #stopping = false;
  #woken = false;
  #wakeUp: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();
  #tidied = 0;

  constructor(options: HostQueueOptions) {
    const { concurrency, registry, services } = options;
    const host = hostCapacity();
    this.#options = options;
    this.#limits = {
      runs: concurrency?.runs ?? Number.POSITIVE_INFINITY,
      cpus: concurrency?.cpus ?? host.cpus,
      memoryMiB: concurrency?.memoryMiB ?? host.memoryMiB,
    };
    this.#metrics = registry === undefined ? undefined : runMetrics(registry);
    this.#failures = new StartFailures(services);
  }

  /** Begins to look for what there is to do. Runs of an earlier service that are at work go on. */
  start(): void {
    this.#loop = this.#work();
  }

  /** Begins nothing new, and resolves when nothing is at work any more. */
  async stop(mode: StopMode): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
    if (mode === 'leave') return;
    const asked = new Set<string>();
    for (;;) {
      const runs = await runsInQueue(this.#options.services.store.db);
      const owners = runs.map(({ owner }) => owner ?? '').filter(isHere);
      if (owners.length === 0 && this.#children.size === 0) return;
      if (mode === 'hand-back') {
        // One that was started and has not taken its run yet ends by the signal.
        for (const child of this.#children.values()) if (!asked.has(String(child.pid))) child.kill('SIGTERM');
        for (const child of this.#children.values()) asked.add(String(child.pid));
        for (const owner of owners.filter(one => !asked.has(one.split('-')[0] ?? ''))) {
          asked.add(owner.split('-')[0] ?? '');
          askToHandBack(owner);
        }
      }
      await new Promise(resolve => setTimeout(resolve, STOP_POLL_MS));
    }
  }

  async accept(trx: StoreTransaction, accepted: AcceptedRequest): Promise<string> {
    const { templateKey, templateName, operationId, correlationId, subscription, location } = accepted;
    const { request, cpus, memoryMiB } = accepted;
    const id = randomUUID();
    const input = { runId: id };
    const operation = { kind: RUN_OPERATION, targetKey: templateKey, subscription, location, input, correlationId };
    await beginOperation(trx, { ...operation, id: operationId });
    await acceptRun(trx, {
      ...{ id, templateKey, templateName, operationId, correlationId, request, cpus, memoryMiB },
      acceptedAt: await acceptanceTime(trx, templateKey, Date.now()),
    });
    return id;
  }

  async cancel(trx: StoreTransaction, runId: string): Promise<void> {
    await requestCancel(trx, runId);
    await endQueued(trx, runId);
  }

  wake(): void {
    this.#woken = true;
    this.#wakeUp();
  }

  async position(runId: string): Promise<number | undefined> {
    return (await this.positions()).get(runId);
  }

  async positions(): Promise<ReadonlyMap<string, number>> {
    const runs = await runsInQueue(this.#options.services.store.db);
    // One whose process has just been started has nothing before it any more.
    const starting = runs.filter(run => run.status === 'Queued' && this.#children.has(run.id));
    const places = this.#order(runs).map(({ id }, place) => [id, place] as const);
    return new Map([...starting.map(({ id }) => [id, 0] as const), ...places]);
  }

  async #work(): Promise<void> {
    const { log, pollMs = POLL_MS } = this.#options;
    while (!this.#stopping) {
      this.#woken = false;
      try {
        await this.#look();
        await this.#tidyUp();
      } catch (cause) {
        log(`the build queue could not be looked at: ${(cause as Error).message}`, cause);
      }
      await this.#pause(pollMs);
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    if (this.#woken || this.#stopping) return;
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #look(): Promise<void> {
    const { services } = this.#options;
    const { store } = services;
    let runs = await runsInQueue(store.db);
    if (runs.some(run => run.status === 'Running' && isAbandoned(run))) {
      await sweepRuns(services, event => this.#say(event));
      runs = await runsInQueue(store.db);
    }
    for (const { id, status, cancelRequested } of runs) {
      // Its end was asked for while it was handed back.
      if (status === 'Queued' && cancelRequested) await store.write(trx => endQueued(trx, id));
    }
    const queued = runs.filter(({ status, cancelRequested }) => status === 'Queued' && !cancelRequested);
    if (queued.length > 0) await this.#begin(runs);
    await this.#count(runs);
  }

  async #begin(runs: readonly QueuedRun[]): Promise<void> {
    const { services, log, workerProgram } = this.#options;
    const atWork = [...this.#occupied(runs), ...(await runsWithKeptMachines(services))];
    const ready = this.#order(runs).filter(({ id }) => this.#failures.mayStart(id));
    for (const run of ready.slice(0, fitting(ready, atWork, this.#limits))) {
      if (this.#stopping) return;
      this.#turn += 1;
      this.#lastTurns.set(groupOf(run), this.#turn);
      const child = startWorker({ runId: run.id, home: services.home, program: workerProgram });
      this.#children.set(run.id, child);
      // 'error' comes instead of 'exit' where there is no process at all.
      const ended = (how: string | undefined): void => {
        if (this.#children.get(run.id) !== child) return;
        this.#children.delete(run.id);
        const noted = how === undefined || this.#stopping ? Promise.resolve() : this.#failures.note(run.id, how);
        noted
          .catch((cause: unknown) => log(`the end of run ${run.id} could not be noted`, cause))
          .finally(() => this.wake());
      };
      child.on('error', error => ended(error.message));
      child.on('exit', (code, signal) => ended(code === 0 ? undefined : (signal ?? `exit code ${code}`)));
    }
  }

  /** Queued runs in the order in which they will begin, but for those whose process has just been started. */
  #order(runs: readonly QueuedRun[]): readonly QueuedRun[] {
    const waiting = runs.filter(run => run.status === 'Queued' && !run.cancelRequested && !this.#children.has(run.id));
    return inTurn(waiting, this.#occupied(runs), this.#lastTurns);
  }

  /** Those at work on this host. */
  #occupied(runs: readonly QueuedRun[]): readonly QueuedRun[] {
    return runs.filter(run => this.#children.has(run.id) || (run.status === 'Running' && isHere(run.owner ?? '')));
  }

  async #count(runs: readonly QueuedRun[]): Promise<void> {
    const running = runs.filter(({ status }) => status === 'Running').length;
    this.#metrics?.now(runs.length - running, running);
    const now = new Set(runs.map(({ id }) => id));
    const before = this.#unfinished;
    this.#unfinished = now;
    for (const id of before) {
      const run = now.has(id) ? undefined : await getRun(this.#options.services.store, id);
      if (run !== undefined) this.#metrics?.ended(run);
    }
  }

  /** At the start and every hour: what is kept long enough goes, and what dead processes of the command line left. */
  async #tidyUp(): Promise<void> {
    if (Date.now() - this.#tidied < HOUR_MS) return;
    this.#tidied = Date.now();
    const { services, retention = { runsDays: undefined, runsPerTemplate: undefined } } = this.#options;
    await sweepRuns(services, event => this.#say(event));
    await applyRetention(services, retention);
  }

  #say(event: BuildEventBody): void {
    if (event.type === 'log') this.#options.log(event.message);
  }
}

/** Nothing, where the run is not queued any more: whoever works on it ends it. */
async function endQueued(trx: StoreTransaction, runId: string): Promise<void> {
  const run = await trx.selectFrom('runs').select('status').where('id', '=', runId).executeTakeFirst();
  if (run?.status !== 'Queued') return;
  const error = buildError('BuildCanceled', { stage: 'queue' }).toJSON();
  const result = { error, seconds: null, source: null, sourceDigest: null };
  await endRun(trx, runId, { status: 'Canceled', endedAt: new Date().toISOString(), result });
}
