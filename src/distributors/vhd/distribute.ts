import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { convertToVhd } from '../../disk/vhd.ts';
import { publishVhd } from '../../galleries/vhd.ts';
import { regionName } from '../../store/regions.ts';
import type { RunOutput } from '../distributor.ts';
import { finishedDisk } from '../flat-image.ts';
import { progressOf } from '../progress.ts';
import { type PublishContext, published } from '../publishing.ts';
import type { VhdTarget } from '../targets.ts';

/**
 * Publishes the image as a fixed VHD in the region of the template: as the blob that the target names, else as
 * `<runOutputName>_<run>.vhd`.
 */
export async function distributeVhd(target: VhdTarget, context: PublishContext): Promise<RunOutput> {
  const { image, emit, signal, store, workDirectory } = context;
  const name = `${target.runOutputName}_${image.runId}.vhd`;
  const made = join(workDirectory, name);
  await mkdir(workDirectory, { recursive: true });
  const converting = progressOf(emit, `${target.runOutputName}: converting to VHD`, 'percent');
  const copying = progressOf(emit, `${target.runOutputName}: copying`, 'bytes');
  try {
    const { virtualSizeBytes } = await convertToVhd(image.disk, image.bases, made, {
      signal,
      onProgress: ({ done, total }) => converting(done, total),
    });
    const disk = await finishedDisk(made, image, virtualSizeBytes, signal);
    const { path, uri } = await publishVhd(store, {
      to: target.uri === '' ? { file: name } : { uri: target.uri },
      region: regionName(context.location),
      disk,
      tags: target.artifactTags,
      runOutputName: target.runOutputName,
      signal,
      onCopy: (_region, done, total) => copying(done, total),
    });
    const { digest, sizeBytes } = disk;
    return published(context, {
      name: target.runOutputName,
      type: 'VHD',
      artifactUri: uri,
      path,
      digest,
      sizeBytes,
    });
  } finally {
    await rm(made, { force: true });
  }
}
