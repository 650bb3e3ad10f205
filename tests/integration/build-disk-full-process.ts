// Builds in a home whose disk becomes full at a moment of the run, and prints how the run ended. Started by
// build-disk-full.test.ts in a namespace where the home is on a small file system of its own.
import { closeSync, existsSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { sweepRuns } from '../../src/build/sweep.ts';
import { getRun } from '../../src/store/runs.ts';
import { buildSite, SHARED_IMAGE, VHD } from './build-fixture.ts';

const [root = '', stage = ''] = process.argv.slice(2);
/** No process has this number. */
const DEAD = '4194999-5';
const filler = join(root, 'filler');

function fillDisk(): void {
  const file = openSync(filler, 'w');
  try {
    for (const size of [1024 * 1024, 4096]) {
      const zeros = Buffer.alloc(size);
      for (let full = false; !full; ) {
        try {
          full = writeSync(file, zeros) < size;
        } catch {
          full = true;
        }
      }
    }
  } finally {
    closeSync(file);
  }
}

const site = await buildSite(join(root, 'site'));
const build = await site.build(
  { distribute: [VHD, SHARED_IMAGE] },
  {
    onEvent: event => {
      if (event.type === 'stage-started' && event.stage === stage) fillDisk();
    },
  },
);
rmSync(filler, { force: true });
const { status, error, outputs, runId, directory } = build;
// A run whose end could not be noted keeps its lock, and is closed by the first sweep after its process has ended.
const noted = (await getRun(site.services.store, runId))?.status;
const locked = existsSync(directory.lock);
if (locked) {
  writeFileSync(directory.lock, DEAD);
  const { store } = site.services;
  await store.write(trx => trx.updateTable('runs').set({ owner: DEAD }).where('id', '=', runId).execute());
  await sweepRuns(site.services, () => undefined);
}
console.log(
  JSON.stringify({
    ...{
      status,
      code: error?.code,
      exit: error?.exit,
      message: error?.message,
      outputs: outputs.length,
      noted,
      locked,
    },
    details: error?.details.map(({ code }) => code) ?? [],
    record: (await getRun(site.services.store, runId))?.status,
    leftovers: await site.leftovers(),
    stored: await site.storedFiles(),
    running: site.driver.machines.filter(({ end }) => end === undefined).length,
  }),
);
await site[Symbol.asyncDispose]();
