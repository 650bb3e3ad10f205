import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BuildServices } from '../build/services.ts';
import { buildError } from '../errors/build.ts';
import { printableLines } from '../events/printable.ts';
import { runDirectory } from '../home/run-directory.ts';
import { endRun, getRun } from '../store/runs.ts';

/** So often a process is started for a run before the run is given up. */
const MOST = 3;
const FIRST_PAUSE_MS = 1000;
const SHOWN_LINES = 20;

/** Processes that ended before they took on their run: each is tried again after a pause, and not for ever. */
export class StartFailures {
  readonly #services: Pick<BuildServices, 'home' | 'store'>;
  readonly #failed = new Map<string, { readonly count: number; readonly notBefore: number }>();

  constructor(services: Pick<BuildServices, 'home' | 'store'>) {
    this.#services = services;
  }

  mayStart(runId: string): boolean {
    return Date.now() >= (this.#failed.get(runId)?.notBefore ?? 0);
  }

  /** To be called with how a process ended that did not end well. A run that is still queued was not taken on. */
  async note(runId: string, how: string): Promise<void> {
    const { store, home } = this.#services;
    if ((await getRun(store, runId))?.status !== 'Queued') {
      this.#failed.delete(runId);
      return;
    }
    const count = (this.#failed.get(runId)?.count ?? 0) + 1;
    this.#failed.set(runId, { count, notBefore: Date.now() + FIRST_PAUSE_MS * 2 ** (count - 1) });
    if (count < MOST) return;
    this.#failed.delete(runId);
    const { workerLog } = runDirectory(join(home.runs, runId));
    const output = printableLines((await readFile(workerLog, 'utf8').catch(() => '')).trimEnd()).slice(-SHOWN_LINES);
    const error = buildError('WorkerFailed', { run: runId, reason: how }, { output, log: workerLog }).toJSON();
    const result = { error, seconds: null, source: null, sourceDigest: null };
    await store.write(async trx => {
      const run = await trx.selectFrom('runs').select('status').where('id', '=', runId).executeTakeFirst();
      if (run?.status !== 'Queued') return;
      await endRun(trx, runId, { status: 'Failed', endedAt: new Date().toISOString(), result });
    });
  }
}
