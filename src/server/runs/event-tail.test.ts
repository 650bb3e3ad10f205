import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tailLines } from './event-tail.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-tail-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

// With a pause in it neither would come to its end.
test.each([
  ['with lines', 'one\ntwo\nhal', ['one', 'two']],
  ['that is empty', '', []],
])('a file %s whose run has ended is read without a pause', async (name, text, lines) => {
  const path = join(directory, name);
  await writeFile(path, text);
  const signal = AbortSignal.timeout(5000);
  const read: string[] = [];
  for await (const some of tailLines(path, { from: 0, ended: async () => true, signal, pollMs: 600_000 })) {
    read.push(...(some ?? []).map(line => line.text));
  }
  expect(read).toEqual(lines);
  expect(signal.aborted).toBe(false);
});
