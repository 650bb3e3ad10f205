import { setTimeout as sleep } from 'node:timers/promises';
import { saidOf } from '../arm/error-body.ts';
import type { KilnError } from '../errors/kiln-error.ts';
import { endOperation, findOperation, type OperationRecord, operationsInProgress } from '../store/operations.ts';
import type { Store, StoreTransaction } from '../store/store.ts';

/** Code for operations of one kind. It may be begun again after a crash, at any point: what was done is found done. */
export interface OperationWork {
  readonly kind: string;
  /** What it returns, a client gets at the end, if there is no `completed`. A `KilnError` ends the operation as `Failed`. */
  readonly run: (operation: OperationRecord, signal: AbortSignal) => Promise<unknown>;
  /**
   * Brings the resource into its new state, in the transaction that ends the operation: what must not be done twice. Gets what `run` came
   * to; what it returns, a client gets.
   */
  readonly completed?: (trx: StoreTransaction, operation: OperationRecord, outcome: unknown) => Promise<unknown>;
  /** Brings the resource into its state of failure, in the transaction that ends the operation. */
  readonly failed?: (trx: StoreTransaction, operation: OperationRecord, error: KilnError) => Promise<void>;
}

const PAUSES_MS = [200, 1000, 5000, 15_000, 60_000];

interface RunnerOptions {
  readonly store: Store;
  readonly works: readonly OperationWork[];
  readonly userError: (thrown: unknown) => KilnError;
  readonly log: (message: string, cause?: unknown) => void;
}

/** Does what operations leave to be done after their answers, one at a time for each resource. */
export class OperationRunner {
  readonly #options: RunnerOptions;
  readonly #works: ReadonlyMap<string, OperationWork>;
  readonly #running = new Map<string, Promise<void>>();
  readonly #last = new Map<string, Promise<void>>();
  readonly #cancels = new Map<string, AbortController>();
  readonly #stop = new AbortController();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#works = new Map(options.works.map(work => [work.kind, work]));
  }

  /** Begins again what a service before this one did not end. */
  async resume(): Promise<void> {
    const kinds = [...this.#works.keys()];
    for (const { id } of await operationsInProgress(this.#options.store.db, { kinds })) this.start(id);
  }

  /** Starts an operation that was begun in the store. To be called after its transaction. */
  start(id: string): void {
    if (this.#running.has(id) || this.#stop.signal.aborted) return;
    const work = this.#do(id).finally(() => this.#running.delete(id));
    this.#running.set(id, work);
  }

  /** Ends an operation that was started here and has not ended, with this error. */
  cancel(id: string, error: KilnError): void {
    this.#cancels.get(id)?.abort(error);
  }

  /** Waits for an operation that was started here. */
  async done(id: string): Promise<void> {
    await this.#running.get(id);
  }

  /** Lets nothing begin any more, and waits for what was begun; what does not end by itself goes on at the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running.values());
  }

  async #do(id: string): Promise<void> {
    const { store, userError, log } = this.#options;
    try {
      const operation = await findOperation(store.db, id);
      if (operation === undefined || operation.status !== 'InProgress') return;
      const work = this.#works.get(operation.kind);
      if (work === undefined) return;
      const before = this.#last.get(operation.targetKey);
      const own = this.#attempt(work, operation, before);
      this.#last.set(operation.targetKey, own);
      await own;
      if (this.#last.get(operation.targetKey) === own) this.#last.delete(operation.targetKey);
    } catch (thrown) {
      log(`operation ${id} could not be done: ${userError(thrown).message}`, thrown);
    }
  }

  async #attempt(work: OperationWork, operation: OperationRecord, before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    const { store, userError, log } = this.#options;
    const cancel = new AbortController();
    this.#cancels.set(operation.id, cancel);
    let error: KilnError;
    try {
      const outcome = await work.run(operation, AbortSignal.any([this.#stop.signal, cancel.signal]));
      await this.#ending(operation, () =>
        store.write(async trx => {
          const result = work.completed === undefined ? outcome : await work.completed(trx, operation, outcome);
          await endOperation(trx, operation.id, { status: 'Succeeded', result });
        }),
      );
      return;
    } catch (thrown) {
      if (this.#stop.signal.aborted) return;
      error = userError(cancel.signal.aborted ? cancel.signal.reason : thrown);
      if (error.status >= 500) log(`operation ${operation.id} (${operation.kind}) failed: ${error.message}`, thrown);
    } finally {
      this.#cancels.delete(operation.id);
    }
    await this.#ending(operation, () =>
      store.write(async trx => {
        await work.failed?.(trx, operation, error);
        const status = error.code === 'BuildCanceled' ? 'Canceled' : 'Failed';
        await endOperation(trx, operation.id, { status, error: saidOf(error) });
      }),
    );
  }

  /** Tries again what only the database's state kept from being written: nobody else would end the operation. */
  async #ending(operation: OperationRecord, write: () => Promise<void>): Promise<void> {
    const { userError, log } = this.#options;
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        return await write();
      } catch (thrown) {
        // What the resource's state does not allow is an answer; a full disk or a lost connection is none.
        if (pause === undefined || userError(thrown).status < 500) throw thrown;
        log(`the end of operation ${operation.id} could not be written yet`, thrown);
        await sleep(pause, undefined, { signal: this.#stop.signal });
      }
    }
  }
}
