import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSigningKeys } from './signing-keys.ts';

let directory = '';
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'kiln-keys-')), 'keys');
});
afterEach(() => rm(join(directory, '..'), { recursive: true }));

const day = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 24 * 3_600_000);

test('a key signs for 90 days and verifies for two more; keys are kept, for nobody else to read', async () => {
  const first = await openSigningKeys(directory, day(0));
  const [kid, ...others] = first.jwks().keys.map(key => key.kid ?? '');
  expect(others).toEqual([]);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  const [file = ''] = await readdir(directory);
  expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
  expect(Object.keys(first.newest().jwk).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);

  const again = await openSigningKeys(directory, day(89));
  expect(again.newest().kid).toBe(kid);
  await again.renew(day(91));
  const next = again.newest().kid;
  expect(next).not.toBe(kid);
  expect(again.byKid(kid ?? '')).toBeDefined();

  const last = await openSigningKeys(directory, day(94));
  expect(last.newest().kid).toBe(next);
  expect(last.byKid(kid ?? '')).toBeUndefined();
  expect(await readdir(directory)).toHaveLength(1);
});

test('a key that cannot be read is named', async () => {
  await openSigningKeys(directory, day(0));
  const file = join(directory, '20260102T000000000Z.pem');
  await writeFile(file, 'no key');
  await expect(openSigningKeys(directory, day(2))).rejects.toMatchObject({
    code: 'SigningKeyUnreadable',
    message: expect.stringContaining(file),
  });
});
