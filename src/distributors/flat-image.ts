import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flatten } from '../disk/convert.ts';
import { digestFile } from '../disk/digest.ts';
import type { DiskToPublish } from '../galleries/published-disk.ts';
import { seal } from '../store/blobs.ts';
import type { DistributeContext, FinishedImage } from './distributor.ts';
import { progressOf } from './progress.ts';

/**
 * The finished image as one qcow2 that stands alone, made when it is first asked for and shared by all targets that want one.
 * It is not compressed: that takes four times as long to write, and every build that starts from it reads it.
 */
export function flatImage(context: DistributeContext): () => Promise<DiskToPublish> {
  let made: Promise<DiskToPublish> | undefined;
  return () => {
    made ??= make(context);
    return made;
  };
}

async function make(context: DistributeContext): Promise<DiskToPublish> {
  const { image, workDirectory, signal, emit } = context;
  await mkdir(workDirectory, { recursive: true });
  const path = join(workDirectory, 'flat.qcow2');
  const flattening = progressOf(emit, 'Writing the disk as one file', 'percent');
  await flatten(image.disk, image.bases, path, {
    format: 'qcow2',
    signal,
    onProgress: ({ done, total }) => flattening(done, total),
  });
  return finishedDisk(path, image, image.virtualSizeBytes, signal);
}

/** A file that a disk tool has written, taken away from the tool's user, on the drive, with its digest. */
export async function finishedDisk(
  path: string,
  image: FinishedImage,
  virtualSizeBytes: number,
  signal: AbortSignal,
): Promise<DiskToPublish> {
  const [digest] = await Promise.all([digestFile(path, { signal }), seal(path)]);
  const { size } = await stat(path);
  const { os, generation, runId, sourceDigest, sourceName, plan } = image;
  let owner: string | undefined;
  return {
    path,
    digest,
    sizeBytes: size,
    virtualSizeBytes,
    os,
    generation,
    runId,
    sourceDigest,
    sourceName,
    plan,
    takeOver: region => {
      owner ??= region;
      return owner === region;
    },
  };
}
