import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';

const PROCESS = join(import.meta.dirname, 'build-disk-full-process.ts');
const SIZE = 64 * 1024 * 1024;

test.each(['resolve', 'boot', 'customize', 'distribute'])('a disk that becomes full in stage %s', async stage => {
  const root = await mkdtemp(join(tmpdir(), 'kiln-full-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await chmod(root, 0o755);
  const box = ['--dev-bind', '/', '/', '--perms', '0755', '--size', String(SIZE), '--tmpfs', root, '--die-with-parent'];
  const { stdout } = await execa('bwrap', [...box, '--', process.execPath, PROCESS, root, stage]);
  expect(JSON.parse(stdout)).toMatchObject({
    ...{ status: 'Failed', code: 'DiskSpace', exit: 3, outputs: 0 },
    message: `There is no space left on the disk that holds ${join(root, 'site/home')}.`,
    ...{ record: 'Failed', leftovers: [], stored: [], running: 0 },
  });
});
