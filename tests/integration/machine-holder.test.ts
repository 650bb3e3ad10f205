import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { holdProcess } from '../../src/machine/qemu/holder.ts';
import { nodeProcess, running, stillRunning } from './machine-processes.ts';

let directory: string;
let log: string;
let marker: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-holder-'));
  log = join(directory, 'log');
});

beforeEach(() => {
  marker = randomUUID();
});

afterAll(() => rm(directory, { recursive: true, force: true }));

test('says how the command ended, and what it printed', async () => {
  const held = holdProcess(['sh', '-c', 'echo said; echo so >&2; exit 7'], log);
  expect(await held.ended).toEqual({ code: 7, signal: undefined });
  expect(await readFile(log, 'utf8')).toBe('said\nso\n');
  held.kill();
});

test('a command that is not there ends with 127', async () => {
  expect(await holdProcess(['/no/such/command'], log).ended).toEqual({ code: 127, signal: undefined });
});

test('what the command leaves running ends with it', async () => {
  const held = holdProcess(['sh', '-c', `sh -c 'sleep 1000; :' ${marker} & exit 0`], log);
  expect((await held.ended).code).toBe(0);
  expect(await running(marker)).toEqual([]);
});

test('once it is killed nothing runs any more, at whatever moment', async () => {
  for (const ms of [0, 1, 2, 5, 10, 50]) {
    const held = holdProcess(['sh', '-c', 'sleep 1000 & sleep 1000; :', marker], log);
    await delay(ms);
    held.kill();
    held.kill();
    await held.ended;
    expect(await running(marker), `${ms} ms`).toEqual([]);
  }
});

test('everything dies with the process that holds it', async () => {
  const parent = nodeProcess('machine-holder-process.ts', ['wait', marker, log]);
  await parent.line();
  await delay(300);
  expect(await running(marker)).not.toEqual([]);
  parent.child.kill('SIGKILL');
  expect(await stillRunning(marker)).toEqual([]);
});

test('when the shell between is killed, the rest ends, and the holding process is told', async () => {
  const held = holdProcess(['sh', '-c', 'sleep 1000 & sleep 1000; :', marker], log);
  await delay(200);
  process.kill(held.pid, 'SIGKILL');
  expect((await held.ended).signal).toBe('SIGKILL');
  expect(await running(marker)).toEqual([]);
});

test('a kept one outlives a process that ends by itself, and ends when its time is over', async () => {
  const parent = nodeProcess('machine-holder-process.ts', ['keep', marker, log, '3']);
  expect(await parent.ended).toBe(0);
  await delay(500);
  expect(await running(marker)).not.toEqual([]);
  expect(await stillRunning(marker)).toEqual([]);
});

test('of a kept one nothing is left to wait for its time once its shell is killed', async () => {
  const parent = nodeProcess('machine-holder-process.ts', ['keep', marker, log, '1000']);
  const pid = Number(await parent.line());
  await parent.ended;
  process.kill(pid, 'SIGKILL');
  expect(await stillRunning(marker)).toEqual([]);
});

test('a kept one can still be killed by the process that has kept it', async () => {
  const held = holdProcess(['sh', '-c', 'sleep 1000 & sleep 1000; :', marker], log);
  held.keep(1000);
  await delay(100);
  held.kill();
  await held.ended;
  expect(await running(marker)).toEqual([]);
});
