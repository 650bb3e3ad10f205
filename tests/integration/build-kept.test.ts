import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endKeptMachine, findKeptMachine } from '../../src/build/kept-machine.ts';
import { prepareRun } from '../../src/build/run-build.ts';
import { sweepRuns } from '../../src/build/sweep.ts';
import type { BuildEventBody } from '../../src/events/build-event.ts';
import { ownerName } from '../../src/home/process-lock.ts';
import { machineDirectory } from '../../src/home/run-directory.ts';
import { pinBlob, runHolder } from '../../src/store/pins.ts';
import { finishRun, getRun, startRun } from '../../src/store/runs.ts';
import { type BuildSite, buildSite, filesBelow, shell } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

const FAILING = { customize: [shell('fails', 'exit 1')] };
const uses = () => filesBelow(join(site.services.home.sources, 'uses'));

async function sweep(): Promise<readonly BuildEventBody[]> {
  const events: BuildEventBody[] = [];
  await sweepRuns(site.services, event => void events.push(event));
  return events;
}

test('a machine on which a step failed is kept with all that it needs, until its time is over', async () => {
  const build = await site.build(FAILING, { onError: 'abort', keepSeconds: 2 });
  expect(build.error?.code).toBe('StepFailed');
  const [machine] = site.driver.machines;
  expect(machine?.end).toBeUndefined();
  expect(build.events.find(({ type }) => type === 'machine-kept')).toMatchObject({
    role: 'build',
    ssh: `kiln ssh ${build.runId}`,
  });
  const files = machineDirectory(build.directory.buildMachine);
  for (const path of [files.disk, files.key, files.knownHosts, files.ssh]) await access(path);
  // Its lock is gone: the run is over. The machine's own holder keeps the sweep away.
  expect(existsSync(build.directory.lock)).toBe(false);
  await sweep();
  await access(files.disk);
  expect(await uses()).toHaveLength(1);
  const kept = await findKeptMachine(build.directory.root);
  expect(Math.abs(Date.parse(kept?.until ?? '') - Date.now())).toBeLessThan(4000);

  while ((await findKeptMachine(build.directory.root)) !== undefined) await delay(50);
  await sweep();
  expect(await site.leftovers()).toEqual([]);
  expect(await uses()).toEqual([]);
});

test('a kept machine can be ended at once', async () => {
  const build = await site.build(FAILING, { onError: 'abort' });
  const kept = await findKeptMachine(build.directory.root);
  if (kept === undefined) throw new Error('no machine was kept');
  await endKeptMachine(kept);
  expect(await findKeptMachine(build.directory.root)).toBeUndefined();
  await sweep();
  expect(await site.leftovers()).toEqual([]);
});

test('half a note of a kept machine is none', async () => {
  const build = await site.build(FAILING, { onError: 'abort' });
  const files = machineDirectory(build.directory.buildMachine);
  await writeFile(files.kept, '{"holder":');
  await sweep();
  expect(await site.leftovers()).toEqual([]);
});

test('the machine that is kept is the one on which something failed', async () => {
  const inVMValidations = [shell('fails', 'exit 1')];
  const errorHandling = { onCustomizerError: 'cleanup', onValidationError: 'abort' };
  const build = await site.build({ validate: { inVMValidations }, errorHandling });
  expect(build.error?.code).toBe('ValidatorFailed');
  expect(site.driver.machines.map(({ role, end }) => [role, end?.how])).toEqual([
    ['build', 'powered-off'],
    ['validation', undefined],
  ]);
  expect((await findKeptMachine(build.directory.root))?.files.root).toBe(build.directory.validationMachine);
  // It is layered on the other one's disk.
  await access(machineDirectory(build.directory.buildMachine).disk);
  const cleanedUp = await site.build({ ...FAILING, errorHandling });
  expect(await findKeptMachine(cleanedUp.directory.root)).toBeUndefined();
});

test('a machine that cannot be kept is stopped', async () => {
  const build = await site.build(FAILING, {
    onError: 'abort',
    onEvent: event => {
      const [machine] = site.driver.machines;
      if (event.type === 'step-started' && machine !== undefined) {
        machine.keep = () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
      }
    },
  });
  expect(build.error?.code).toBe('StepFailed');
  expect(build.said.join()).toContain('could not be kept');
  expect(site.driver.machines[0]?.end?.how).toBe('stopped');
  expect(await site.leftovers()).toEqual([]);
});

/** A run whose process ended in the middle of it: with a lock, a machine's disk, a fetched file, a source in use. */
async function abandonedRun(owner: string) {
  const { services } = site;
  const { runId, directory } = await prepareRun(services);
  await startRun(services.store, { id: runId, templateName: 'abandoned', startedAt: new Date().toISOString(), owner });
  await services.resolveSource(
    { type: 'PlatformImage', publisher: 'Test', offer: 'small', sku: 'disk', version: 'latest' },
    {
      ...{ emit: () => undefined, signal: new AbortController().signal, location: 'local', strict: false },
      holder: runHolder(runId),
    },
  );
  await services.store.write(trx =>
    pinBlob(trx, { region: 'local', digest: `kdt1:${'0'.repeat(64)}` }, runHolder(runId)),
  );
  for (const path of [directory.buildMachine, directory.artifacts, directory.work]) await mkdir(path);
  const files = machineDirectory(directory.buildMachine);
  for (const path of [files.disk, files.key, files.serialLog, join(directory.work, 'flat.qcow2')])
    await writeFile(path, '');
  await writeFile(directory.customizationLog, 'what it had done\n');
  await writeFile(directory.lock, owner);
  return { runId, directory };
}

test('a run whose process died is closed and everything of it freed, but its logs', async () => {
  const { pid = 0, ...child } = execa('sleep', ['600'], { reject: false });
  const owner = ownerName(pid);
  child.kill('SIGKILL');
  const { runId, directory } = await abandonedRun(owner);
  while ((await sweep()).length === 0) await delay(20);
  expect(await getRun(site.services.store, runId)).toMatchObject({
    status: 'Failed',
    endedAt: expect.stringMatching(/Z$/),
    result: { error: { code: 'RunAbandoned' } },
  });
  expect(await site.leftovers()).toEqual([]);
  expect((await readdir(directory.root)).sort()).toEqual(['build-vm', 'customization.log']);
  const pins = await site.services.store.db.selectFrom('blob_pins').select('holder').execute();
  expect(pins.filter(({ holder }) => holder === runHolder(runId))).toEqual([]);
  expect(await sweep()).toEqual([]);
});

test('a run of a live process is left alone', async () => {
  const { runId, directory } = await abandonedRun(ownerName());
  expect(await sweep()).toEqual([]);
  expect((await getRun(site.services.store, runId))?.status).toBe('Running');
  await access(machineDirectory(directory.buildMachine).disk);
  expect(await uses()).toHaveLength(1);
});

test('a run that others have ended meanwhile stays as they ended it, and leaves nothing', async () => {
  const { store } = site.services;
  let ended: Promise<unknown> = Promise.resolve();
  const build = await site.build(
    { customize: [shell('works', 'true')] },
    {
      onEvent: ({ type, runId }) => {
        const result = { error: { code: 'RunAbandoned', message: 'gone' } };
        const end = { status: 'Failed', endedAt: new Date().toISOString(), result } as const;
        if (type === 'step-started') ended = finishRun(store, runId, end);
      },
    },
  );
  expect(await ended).toBe(true);
  expect(build.error?.code).toBe('RunEndedByOthers');
  expect(await getRun(store, build.runId)).toMatchObject({
    status: 'Failed',
    result: { error: { code: 'RunAbandoned' } },
  });
  expect(existsSync(build.directory.lock)).toBe(false);
  expect(await site.leftovers()).toEqual([]);
});

test('a sweep while a run goes on does not touch it', async () => {
  let sweeping: Promise<unknown> = Promise.resolve();
  const build = await site.build(
    { validate: { inVMValidations: [shell('checks', 'true')] } },
    {
      onEvent: ({ type }) => {
        if (type === 'stage-started') sweeping = sweeping.then(sweep);
      },
    },
  );
  await sweeping;
  expect(build.error).toBeUndefined();
});

test('the lock of a run names its owner from the first moment on', async () => {
  const runs = site.services.home.runs;
  const seen = new Set<string>();
  let looking = true;
  const look = async () => {
    for (; looking; await delay(0)) {
      for (const name of existsSync(runs) ? readdirSync(runs) : []) {
        const lock = join(runs, name, 'lock');
        if (existsSync(lock)) seen.add(readFileSync(lock, 'utf8'));
      }
    }
  };
  const looks = look();
  for (let i = 0; i < 40; i += 1) await prepareRun(site.services);
  looking = false;
  await looks;
  expect([...seen]).toEqual([ownerName()]);
});
