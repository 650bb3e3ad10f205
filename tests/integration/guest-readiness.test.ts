import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { READINESS } from '../../src/guest/readiness.ts';

test.each(READINESS)('the script for $name is one for any shell', async ({ script }) => {
  for (const shell of ['sh', 'bash']) expect((await execa(shell, ['-n', '-c', script])).stderr).toBe('');
});

test('package locks are waited for as long as a package manager runs, and no longer', async () => {
  const script = READINESS.find(({ name }) => name === 'package locks')?.script ?? 'false';
  const directory = await mkdtemp(join(tmpdir(), 'kiln-ready-'));
  // The kernel names a process after its file.
  await copyFile('/bin/sleep', join(directory, 'aptitude'));
  const manager = spawn(join(directory, 'aptitude'), ['1000']);
  await once(manager, 'spawn');
  try {
    const waiting = execa('sh', ['-c', script]);
    expect(await Promise.race([waiting.then(() => 'ended'), delay(1500, 'waits')])).toBe('waits');
    manager.kill();
    expect((await waiting).exitCode).toBe(0);
  } finally {
    manager.kill();
    await rm(directory, { recursive: true, force: true });
  }
});
