import { join } from 'node:path';
import { buildError } from '../errors/build.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { type RunDirectory, runDirectory } from '../home/run-directory.ts';
import { listRuns, type RunRecord } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

export interface FoundRun {
  readonly record: RunRecord;
  readonly directory: RunDirectory;
}

/**
 * A run by its id, by the beginning of it, or the newest one for `last` and nothing at all.
 *
 * @throws KilnError `RunNotFound`
 */
export async function findRun(services: { store: Store; home: KilnHome }, name = 'last'): Promise<FoundRun> {
  const runs = await listRuns(services.store);
  const matching = name === 'last' ? runs.slice(0, 1) : runs.filter(run => run.id.startsWith(name));
  const [record] = matching;
  if (record === undefined || (matching.length > 1 && record.id !== name))
    throw buildError('RunNotFound', { run: name });
  return { record, directory: runDirectory(join(services.home.runs, record.id)) };
}
