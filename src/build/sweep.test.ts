import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ownerName } from '../home/process-lock.ts';
import { machineDirectory, runDirectory } from '../home/run-directory.ts';
import { noteHeartbeat, SILENCE_MS } from '../store/run-queue.ts';
import { finishRun, getRun, startRun } from '../store/runs.ts';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { startHeartbeat } from './heartbeat.ts';
import { endKeptMachine, findKeptMachine } from './kept-machine.ts';
import { sweepRuns } from './sweep.ts';

/** Of a process of this home's machine before the machine had another id. The process id is that of the test. */
const BEFORE = `${process.pid}-1@00000000`;

let fixture: StoreFixture;
beforeEach(async () => {
  fixture = await storeFixture();
});
afterEach(() => fixture[Symbol.asyncDispose]());

async function sweep(): Promise<void> {
  const { store, home } = fixture;
  await sweepRuns({ store, home, releaseSource: async () => undefined }, () => undefined);
}

/** A run at work, with its lock and the disk of its machine, of which something was heard so long ago. */
async function runOf(id: string, owner: string, silentMs: number) {
  const { store, home } = fixture;
  const directory = runDirectory(join(home.runs, id));
  const disk = machineDirectory(directory.buildMachine).disk;
  await mkdir(directory.buildMachine, { recursive: true });
  await writeFile(disk, '');
  await writeFile(directory.lock, owner);
  await startRun(store, { id, templateName: 't', startedAt: new Date(Date.now() - silentMs).toISOString(), owner });
  const heartbeat_at = new Date(Date.now() - silentMs).toISOString();
  await store.write(trx => trx.updateTable('runs').set({ heartbeat_at }).where('id', '=', id).execute());
  const state = async () => [(await getRun(store, id))?.status, existsSync(directory.lock), existsSync(disk)];
  return { directory, state };
}

test('a run of a machine that is gone, or has another id now, is ended and freed; one that is heard of is not', async () => {
  const gone = await runOf('gone', BEFORE, SILENCE_MS + 60_000);
  const heard = await runOf('heard', BEFORE, SILENCE_MS - 60_000);
  const here = await runOf('here', ownerName(), SILENCE_MS + 60_000);
  await sweep();
  expect(await gone.state()).toEqual(['Failed', false, false]);
  expect(await heard.state()).toEqual(['Running', true, true]);
  expect(await here.state()).toEqual(['Running', true, true]);
  const { result } = (await getRun(fixture.store, 'gone')) ?? {};
  expect(result).toMatchObject({ error: { code: 'RunAbandoned' } });

  // Its process was only stopped, and goes on.
  const end = { status: 'Succeeded', endedAt: new Date().toISOString(), result: {}, owner: BEFORE } as const;
  expect(await finishRun(fixture.store, 'gone', end)).toBe(false);
  expect(await noteHeartbeat(fixture.store, 'gone', BEFORE)).toBe(false);
  expect(await gone.state()).toEqual(['Failed', false, false]);
});

test('a process is told that its run is not its own any more', async () => {
  const { store } = fixture;
  await runOf('own', ownerName(), SILENCE_MS * 2);
  const lost = vi.fn<() => void>();
  const stop = startHeartbeat(store, 'own', lost, 5);
  const silentSince = Date.now() - SILENCE_MS;
  await expect
    .poll(async () => Date.parse((await getRun(store, 'own'))?.heartbeatAt ?? ''))
    .toBeGreaterThan(silentSince);
  expect(lost).not.toHaveBeenCalled();
  await finishRun(store, 'own', { status: 'Failed', endedAt: new Date().toISOString(), result: {} });
  await expect.poll(() => lost.mock.calls.length).toBe(1);
  stop();
});

test('a kept machine of another machine is there until its time is over, and no process of this one is ended for it', async () => {
  const { directory } = await runOf('kept', ownerName(), 0);
  const { kept } = machineDirectory(directory.buildMachine);
  const note = (minutes: number) =>
    writeFile(kept, JSON.stringify({ holder: BEFORE, until: new Date(Date.now() + minutes * 60_000).toISOString() }));
  await note(-1);
  expect(await findKeptMachine(directory.root)).toBeUndefined();
  await note(1);
  const found = await findKeptMachine(directory.root);
  if (found === undefined) throw new Error('the machine is not found');
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  await endKeptMachine(found);
  expect(kill).not.toHaveBeenCalled();
  kill.mockRestore();
  expect(existsSync(kept)).toBe(false);
});
