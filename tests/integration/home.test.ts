import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { usableHome } from '../../src/sandbox/usable-home.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-home-'));
  await chmod(directory, 0o755);
});
afterEach(() => rm(directory, { recursive: true }));

const use = (path: string) => usableHome(kilnHome({ KILN_HOME: path }));

test('a home is made with everything above it', async () => {
  await use(join(directory, 'a', 'b'));
  expect((await stat(join(directory, 'a', 'b'))).isDirectory()).toBe(true);
  await use(join(directory, 'a', 'b'));
});

test.each(['/proc/nonesuch', '/sys/kiln'])('%s is refused at once', async path => {
  await expect(use(path)).rejects.toMatchObject({ code: 'HomeUnusable', exit: 3 });
});

test('a file in the way is named', async () => {
  await writeFile(join(directory, 'file'), '');
  await expect(use(join(directory, 'file', 'home'))).rejects.toThrow(`${join(directory, 'file')} is a file`);
});

test('a home that the build user cannot reach is refused', async () => {
  const closed = join(directory, 'closed');
  await mkdir(closed, { mode: 0o700 });
  const attempt = use(join(closed, 'home'));
  if (process.getuid?.() === 0) await expect(attempt).rejects.toThrow(/is closed to the user `kiln`/);
  else await expect(attempt).resolves.toBeUndefined();
});
