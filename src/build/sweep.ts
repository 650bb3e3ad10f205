import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildError } from '../errors/build.ts';
import type { Emit } from '../events/build-event.ts';
import { releaseStagingGroup } from '../galleries/staging-group.ts';
import { isAlive, isElsewhere } from '../home/process-lock.ts';
import { machineDirectory, type RunDirectory, runDirectory } from '../home/run-directory.ts';
import { sweepStore } from '../store/garbage.ts';
import { releasePins, runHolder } from '../store/pins.ts';
import { isAbandoned, runningRuns } from '../store/run-queue.ts';
import { finishRun, getRun, type RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';
import { findKeptMachine } from './kept-machine.ts';
import { removeMachines, removeWork } from './run-files.ts';
import type { BuildServices } from './services.ts';

type SweepServices = Pick<BuildServices, 'home' | 'store' | 'releaseSource'>;

/**
 * Cleans up after runs whose process is gone, and after kept machines whose time is over. What a live process holds
 * and what was kept on purpose is not touched. Every command that works on a home does this first.
 */
export async function sweepRuns(services: SweepServices, emit: Emit): Promise<void> {
  await endAbandonedRuns(services.store, emit);
  for (const runId of await readdir(services.home.runs).catch(() => [])) {
    const directory = runDirectory(join(services.home.runs, runId));
    const owner = await ownerOf(directory);
    if (owner === undefined && !hasMachine(directory)) continue;
    if (owner !== undefined && isAlive(owner) && !isElsewhere(owner)) continue;
    const record = await getRun(services.store, runId);
    if (owner !== undefined && isElsewhere(owner) && !isForsaken(owner, record)) continue;
    // A run that was handed back to the queue may have an owner again, which has not come to its lock yet.
    if (record?.status === 'Running' && !isAbandoned(record)) continue;
    if ((await ownerOf(directory)) !== owner) continue;
    if ((await findKeptMachine(directory.root)) === undefined) await freeRun(services, runId, directory);
    // Last: what is interrupted before has to be done again.
    if (owner !== undefined) await rm(directory.lock, { force: true });
  }
  const { foreign } = await sweepStore(services.store);
  for (const region of foreign) {
    const { blobs } = services.store.region(region);
    const message = `The blobs in ${blobs} (region ${region}) belong to another store and are left alone: this database refers to none of them.`;
    emit({ type: 'log', level: 'warning', message });
  }
}

/**
 * Whether a lock in this home whose holder is of another machine was left behind: this machine had another id then, as a container
 * that is made anew has. A holder that lives says so in the run's record.
 */
function isForsaken(holder: string, record: RunRecord | undefined): boolean {
  return record !== undefined && isAbandoned({ ...record, owner: holder });
}

function ownerOf(directory: RunDirectory): Promise<string | undefined> {
  return readFile(directory.lock, 'utf8').catch(() => undefined);
}

/** Most runs are over and hold nothing: looking at them again must cost next to nothing. */
function hasMachine(directory: RunDirectory): boolean {
  return [directory.buildMachine, directory.validationMachine].some(root => existsSync(machineDirectory(root).disk));
}

/**
 * Ends runs whose process is gone, and the operations that clients wait for. One that is queued has no process, and stays so;
 * one whose end was asked for is canceled. Returns how many.
 */
export async function endAbandonedRuns(store: Store, emit: Emit): Promise<number> {
  const gone = (await runningRuns(store.db)).filter(isAbandoned);
  let ended = 0;
  for (const { id, owner } of gone) {
    const record = await getRun(store, id);
    if (record === undefined || !isAbandoned(record)) continue;
    const canceled = record.cancelRequested;
    const error = canceled
      ? buildError('BuildCanceled', { stage: record.stage ?? 'resolve' })
      : buildError('RunAbandoned', { run: id });
    const result = { error: error.toJSON(), seconds: null, source: null, sourceDigest: null };
    const status = canceled ? 'Canceled' : 'Failed';
    // Others sweep, too, and its process may have ended it after all.
    if (!(await finishRun(store, id, { status, endedAt: new Date().toISOString(), result, owner }))) continue;
    emit({
      type: 'log',
      level: 'warning',
      message: `Cleaned up after run ${id}: its process ended without finishing.`,
    });
    ended += 1;
  }
  return ended;
}

/** Gives up everything that a run without a live process or machine still occupies, but its logs. */
export async function freeRun(services: SweepServices, runId: string, directory: RunDirectory): Promise<void> {
  await removeWork(directory);
  await services.releaseSource(runHolder(runId));
  await releasePins(services.store, runHolder(runId));
  await releaseStagingGroup(services.store, runHolder(runId));
  // Last: a machine's disk is how the next sweep knows that there is something to do.
  await removeMachines(directory);
}
