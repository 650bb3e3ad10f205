import { join } from 'node:path';
import { findKeptMachine } from '../build/kept-machine.ts';
import type { BuildServices } from '../build/services.ts';
import type { WaitingRun } from './turns.ts';
import { KEEP_SECONDS } from './work-on-run.ts';

/** A machine is kept from before its run's end is noted, by the clock of the machine itself. */
const SLACK_MS = 60_000;

/** Runs that have ended and whose machines still run: they take of the host what they took before. */
export async function runsWithKeptMachines({
  home,
  store,
}: Pick<BuildServices, 'home' | 'store'>): Promise<readonly WaitingRun[]> {
  const since = new Date(Date.now() - KEEP_SECONDS * 1000 - SLACK_MS).toISOString();
  const rows = await store.db
    .selectFrom('runs')
    .select(['id', 'template_key', 'cpus', 'memory_mib'])
    .where('status', '=', 'Failed')
    .where('accepted_at', 'is not', null)
    .where('ended_at', '>', since)
    .execute();
  const kept: WaitingRun[] = [];
  for (const { id, template_key, cpus, memory_mib } of rows) {
    if ((await findKeptMachine(join(home.runs, id))) === undefined) continue;
    kept.push({ id, templateKey: template_key ?? '', cpus, memoryMiB: memory_mib });
  }
  return kept;
}
