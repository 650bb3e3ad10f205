import { randomBytes } from 'node:crypto';
import { copyFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestInto, newDigests } from '../artifacts/digests.ts';
import type { BuildServices } from '../build/services.ts';
import { artifactError } from '../errors/artifacts.ts';
import type { ArtifactNeed, FetchedArtifact } from '../steps/step.ts';
import type { RunRequest } from './build-queue.ts';

type Copy = RunRequest['artifacts'][number];

/** Takes scripts and files from the copies that were made with the template; what has no copy is fetched. */
export function fromCopies(
  copies: readonly Copy[],
  fetchArtifact: BuildServices['fetchArtifact'],
): BuildServices['fetchArtifact'] {
  const byUri = new Map(copies.map(copy => [copy.uri, copy]));
  return (need, directory, options) => {
    const copy = byUri.get(need.uri);
    return copy === undefined
      ? fetchArtifact(need, directory, options)
      : takeCopy(copy, need, directory, options.signal);
  };
}

async function takeCopy(
  copy: Copy,
  need: ArtifactNeed,
  directory: string,
  signal: AbortSignal,
): Promise<FetchedArtifact> {
  const { uri, path: target } = need;
  const taken = join(directory, `${copy.sha256}.${randomBytes(6).toString('hex')}`);
  try {
    await copyFile(copy.path, taken).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'ENOENT') throw cause;
      const reason = 'its copy in the staging resource group is gone';
      throw artifactError('ArtifactNotFound', { uri, reason }, { target, cause });
    });
    const digests = newDigests();
    const sizeBytes = await digestInto(digests, taken, signal);
    const { sha256 } = digests.finish();
    for (const expected of [copy.sha256, need.sha256]) {
      if (expected === '' || expected.toLowerCase() === sha256) continue;
      throw artifactError('ChecksumMismatch', { uri, algorithm: 'sha256', actual: sha256, expected }, { target });
    }
    const stored = join(directory, sha256);
    await rename(taken, stored);
    return { uri, path: stored, sha256, sizeBytes };
  } finally {
    await rm(taken, { force: true });
  }
}
