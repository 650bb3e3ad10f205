// Stands in for a worker of the build queue: takes its run and ends it as the file `told/<run>` of the home says, or as its cancellation does.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunStatus } from '../../src/events/build-event.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { ownerName } from '../../src/home/process-lock.ts';
import { claimRun } from '../../src/store/run-queue.ts';
import { finishRun, isCancelRequested } from '../../src/store/runs.ts';
import { openStore } from '../../src/store/store.ts';

const [runId = ''] = process.argv.slice(2);
const home = kilnHome();
// Started for a service that was dead by then, and whose home is gone.
if (!existsSync(home.root)) process.exit();
const store = await openStore(home, { regions: {}, database: process.env['KILN_DATABASE'] });

const STATUSES: readonly RunStatus[] = ['Succeeded', 'Failed'];

function told(): RunStatus | undefined {
  try {
    const text = readFileSync(join(home.root, 'told', runId), 'utf8');
    return STATUSES.find(status => status === text);
  } catch {
    return undefined;
  }
}

async function end(): Promise<RunStatus> {
  // Longer than any test waits: one whose test was killed does not stay.
  const last = Date.now() + 120_000;
  while (Date.now() < last) {
    if (await isCancelRequested(store, runId)) return 'Canceled';
    const status = told();
    if (status !== undefined) return status;
    await delay(20);
  }
  return 'Failed';
}

if (await claimRun(store, runId, ownerName())) {
  const status = await end();
  const error = status === 'Succeeded' ? null : { code: 'StepFailed', message: 'It was told to.' };
  await finishRun(store, runId, { status, endedAt: new Date().toISOString(), result: { error } });
}
await store.close();
