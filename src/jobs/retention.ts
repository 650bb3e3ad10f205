import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findKeptMachine } from '../build/kept-machine.ts';
import type { BuildServices } from '../build/services.ts';
import { freeRun } from '../build/sweep.ts';
import { runDirectory } from '../home/run-directory.ts';
import { forgetOperations } from '../store/operations.ts';
import { type EndedRun, endedRuns } from '../store/run-queue.ts';
import { removeRun } from '../store/runs.ts';

export interface Retention {
  /** How old a run that has ended may be; `undefined`: of any age. */
  readonly runsDays: number | undefined;
  /** How many runs of a template that have ended are kept; `undefined`: all. */
  readonly runsPerTemplate: number | undefined;
}

const DAY_MS = 24 * 3600 * 1000;
const OPERATION_DAYS = 7;

/**
 * Removes records, logs and directories of accepted runs that are kept long enough, and forgets old operations. What was
 * published stays.
 *
 * @returns ids of the runs that were removed
 */
export async function applyRetention(
  services: Pick<BuildServices, 'home' | 'store' | 'releaseSource'>,
  retention: Retention,
  now: Date = new Date(),
): Promise<readonly string[]> {
  const { store, home } = services;
  await forgetOperations(store, daysBefore(now, OPERATION_DAYS));
  if (retention.runsDays === undefined && retention.runsPerTemplate === undefined) return [];
  const removed: string[] = [];
  for (const id of expired(await endedRuns(store.db), retention, now)) {
    const directory = runDirectory(join(home.runs, id));
    if ((await findKeptMachine(directory.root)) !== undefined) continue;
    await freeRun(services, id, directory);
    await rm(directory.root, { recursive: true, force: true });
    // Last: as long as there is a record, what is left of the run is found.
    await removeRun(store, id);
    removed.push(id);
  }
  return removed;
}

/**
 * Which runs go. Of a template that exists, the last run stays, and the last one that published something: they are what the
 * template says of itself.
 *
 * @param runs those of a template with the last one first
 */
export function expired(runs: readonly EndedRun[], retention: Retention, now: Date): readonly string[] {
  const oldest = retention.runsDays === undefined ? '' : daysBefore(now, retention.runsDays);
  const most = retention.runsPerTemplate ?? Number.POSITIVE_INFINITY;
  const seen = new Map<string, { runs: number; published: boolean }>();
  return runs.flatMap(run => {
    const before = seen.get(run.templateKey) ?? { runs: 0, published: false };
    seen.set(run.templateKey, { runs: before.runs + 1, published: before.published || run.hasOutputs });
    const shown = before.runs === 0 || (run.hasOutputs && !before.published);
    if (run.templateExists && shown) return [];
    return run.endedAt < oldest || before.runs >= most ? [run.id] : [];
  });
}

function daysBefore(now: Date, days: number): string {
  return new Date(now.getTime() - days * DAY_MS).toISOString();
}
