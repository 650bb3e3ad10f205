import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { flatten } from '../disk/convert.ts';
import { digestFile } from '../disk/digest.ts';
import type { DataDiskToPublish, DiskToPublish, ImageToPublish } from '../galleries/published-disk.ts';
import { seal } from '../store/blobs.ts';
import type { DistributeContext, FinishedDataDisk, FinishedImage } from './distributor.ts';
import { progressOf } from './progress.ts';

/**
 * The finished image, each of its disks as one qcow2 that stands alone, made when it is first asked for and shared by all
 * targets that want it. It is not compressed: that takes four times as long to write, and every build that starts from it reads it.
 */
export function flatImage(context: DistributeContext): () => Promise<ImageToPublish> {
  let made: Promise<ImageToPublish> | undefined;
  return () => {
    made ??= make(context);
    return made;
  };
}

async function make(context: DistributeContext): Promise<ImageToPublish> {
  const { image, workDirectory, signal } = context;
  await mkdir(workDirectory, { recursive: true });
  const path = join(workDirectory, 'flat.qcow2');
  await flattened(image, path, 'Writing the disk as one file', context);
  const disk = await finishedDisk(path, image, image.virtualSizeBytes, signal);
  const dataDisks: DataDiskToPublish[] = [];
  for (const one of image.dataDisks) dataDisks.push(await flatDataDisk(one, context));
  return { ...disk, dataDisks };
}

async function flatDataDisk(of: FinishedDataDisk, context: DistributeContext): Promise<DataDiskToPublish> {
  const { lun, virtualSizeBytes } = of;
  const path = join(context.workDirectory, `flat-lun${lun}.qcow2`);
  await flattened(of, path, `Writing data disk ${lun} as one file`, context);
  return { lun, path, virtualSizeBytes, ...(await sealed(path, context.signal)) };
}

async function flattened(
  { disk, bases }: Pick<FinishedDataDisk, 'disk' | 'bases'>,
  path: string,
  what: string,
  { emit, signal }: DistributeContext,
): Promise<void> {
  const flattening = progressOf(emit, what, 'percent');
  await flatten(disk, bases, path, {
    format: 'qcow2',
    signal,
    onProgress: ({ done, total }) => flattening(done, total),
  });
}

/** Takes a file away from the user of the tool that has written it, with its digest, and puts it on the drive. */
async function sealed(path: string, signal: AbortSignal): Promise<{ digest: string; sizeBytes: number }> {
  const [digest] = await Promise.all([digestFile(path, { signal }), seal(path)]);
  const { size } = await stat(path);
  return { digest, sizeBytes: size };
}

/** A file that a disk tool has written, sealed, with what is known of its image. */
export async function finishedDisk(
  path: string,
  image: FinishedImage,
  virtualSizeBytes: number,
  signal: AbortSignal,
): Promise<DiskToPublish> {
  const { digest, sizeBytes } = await sealed(path, signal);
  const { os, generation, runId, sourceDigest, sourceName, plan } = image;
  let owner: string | undefined;
  return {
    path,
    digest,
    sizeBytes,
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
