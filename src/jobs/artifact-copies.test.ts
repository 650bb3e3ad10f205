import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ArtifactNeed } from '../steps/step.ts';
import { fromCopies } from './artifact-copies.ts';
import { inStagingAccount } from './staging-vhds.ts';

const TEXT = 'echo hello\n';
const SHA256 = createHash('sha256').update(TEXT).digest('hex');
const URI = 'https://scripts.example/setup.sh';
const NEED: ArtifactNeed = { uri: URI, sha256: '', path: 'properties.customize[0].scriptUri', kind: 'script' };
const REACH = { emit: () => undefined, signal: new AbortController().signal };

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kiln-copies-'));
  await writeFile(join(directory, 'copy'), TEXT);
});
afterEach(() => rm(directory, { recursive: true }));

function take(need: Partial<ArtifactNeed>, copy: { path?: string; sha256?: string } = {}) {
  const fetched = { uri: 'fetched', path: '', sha256: '', sizeBytes: 0 };
  const copies = [{ uri: URI, path: join(directory, 'copy'), sha256: SHA256, ...copy }];
  return fromCopies(copies, async () => fetched)({ ...NEED, ...need }, directory, REACH);
}

test('a script is taken from its copy, and what has none is fetched', async () => {
  const path = join(directory, SHA256);
  expect(await take({})).toEqual({ uri: URI, path, sha256: SHA256, sizeBytes: TEXT.length });
  expect(await readFile(path, 'utf8')).toBe(TEXT);
  expect(await readFile(join(directory, 'copy'), 'utf8')).toBe(TEXT);
  expect(await take({ sha256: SHA256.toUpperCase() })).toMatchObject({ sha256: SHA256 });
  expect(await take({ uri: 'https://scripts.example/other.sh' })).toMatchObject({ uri: 'fetched' });
  expect((await readdir(directory)).sort()).toEqual([SHA256, 'copy'].sort());
});

test.each([
  ['a copy that was changed', {}, { sha256: '0'.repeat(64) }, 'ChecksumMismatch'],
  ['a checksum of the template that is another', { sha256: '0'.repeat(64) }, {}, 'ChecksumMismatch'],
  ['a copy that is gone', {}, { path: '/nonesuch' }, 'ArtifactNotFound'],
])('%s is refused', async (_, need, copy, code) => {
  await expect(take(need, copy)).rejects.toMatchObject({ code, target: NEED.path });
  expect(await readdir(directory)).toEqual(['copy']);
});

test('VHDs without a destination go to the staging account, each by a name of its own', () => {
  const vhd = { type: 'VHD', runOutputName: 'a', artifactTags: {}, uri: '' } as const;
  const own = { ...vhd, uri: 'https://mine.blob.core.windows.net/c/d.vhd' };
  const targets = inStagingAccount([vhd, own, vhd], 'staging1', new Date('2026-11-21T17:30:15.123Z'));
  expect(targets.map(target => ('uri' in target ? target.uri : ''))).toEqual([
    'https://staging1.blob.core.windows.net/vhds/Tmp1_20261121173015.vhd',
    own.uri,
    'https://staging1.blob.core.windows.net/vhds/Tmp2_20261121173015.vhd',
  ]);
});
