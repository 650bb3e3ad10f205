// Stands in for a worker of the build queue: takes its run, and ends it as the run's template says: `{ "until": <file>, "status": ... }`
// waits for the file; `{ "crash": true }` ends before the run is taken. SIGTERM hands the run back.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { ownerName } from '../../src/home/process-lock.ts';
import { claimRun } from '../../src/store/run-queue.ts';
import { finishRun, getRun, isCancelRequested, requeueRun } from '../../src/store/runs.ts';
import { openStore } from '../../src/store/store.ts';

let handBack = false;
process.on('SIGTERM', () => {
  handBack = true;
});
const [runId = ''] = process.argv.slice(2);
const store = await openStore(kilnHome(), { regions: {}, database: process.env['KILN_DATABASE'] });
const { request } = (await getRun(store, runId))?.accepted ?? {};
const { templateText } = request as { templateText: string };
const told = JSON.parse(templateText) as { until?: string; crash?: boolean };
if (told.crash) throw new Error('this worker crashes');
if (await claimRun(store, runId, ownerName())) {
  while (!existsSync(told.until ?? '/') && !handBack && !(await isCancelRequested(store, runId))) await delay(20);
  const canceled = await isCancelRequested(store, runId);
  if (handBack) await requeueRun(store, runId, ownerName());
  else {
    const status = canceled ? 'Canceled' : 'Succeeded';
    await finishRun(store, runId, { status, endedAt: new Date().toISOString(), result: { error: null } });
  }
}
await store.close();
