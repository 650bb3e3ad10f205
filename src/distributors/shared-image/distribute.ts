import { ensureGallery } from '../../galleries/ensure.ts';
import { type Numbering, publishGalleryVersion, type ReplicaTarget } from '../../galleries/gallery-version.ts';
import { parseGalleryImageId } from '../../galleries/resource-id.ts';
import { regionName } from '../../store/regions.ts';
import type { RunOutput } from '../distributor.ts';
import { progressOf } from '../progress.ts';
import { type PublishContext, published } from '../publishing.ts';
import type { SharedImageTarget } from '../targets.ts';

/** Publishes the image as a version of an image definition, with a copy in each region or one for all. */
export async function distributeSharedImage(target: SharedImageTarget, context: PublishContext): Promise<RunOutput> {
  const { image, emit, signal, store, strict } = context;
  const id = parseGalleryImageId(target.galleryImageId);
  const regions = replicaTargets(target, context.location);
  const home = regionName(context.location);
  const definition = await ensureGallery(store, id, image, {
    strict,
    emit,
    // A gallery has to lie in one of the regions that its versions go to.
    location: regions.some(({ name }) => name === home) ? home : (regions[0]?.name ?? home),
  });
  const copying = new Map(
    regions.map(({ name }) => [name, progressOf(emit, `${target.runOutputName}: copying to ${name}`, 'bytes')]),
  );
  const version = await publishGalleryVersion(store, {
    definition,
    numbering: numberingOf(target, id.version, image.sourceVersion),
    regions,
    replicationMode: target.replicationMode,
    disk: context.flat,
    tags: target.artifactTags,
    excludeFromLatest: target.excludeFromLatest,
    runOutputName: target.runOutputName,
    runId: image.runId,
    signal,
    onCopy: (region, done, total) => copying.get(region)?.(done, total),
  });
  const { path, digest, sizeBytes } = version;
  return published(context, {
    name: target.runOutputName,
    type: 'SharedImage',
    artifactId: version.id,
    path,
    digest,
    sizeBytes,
  });
}

/** The regions that a target names, else the template's own. */
export function replicaTargets(target: SharedImageTarget, location: string): readonly ReplicaTarget[] {
  const named = target.targetRegions.map(region => ({ ...region, name: regionName(region.name) }));
  const once = named.filter(({ name }, index) => named.findIndex(other => other.name === name) === index);
  if (once.length > 0) return once;
  return [{ name: regionName(location), replicaCount: 1, storageAccountType: 'Standard_LRS' }];
}

/** An explicit version in the id wins over `versioning`. */
export function numberingOf(
  target: SharedImageTarget,
  version: string | undefined,
  sourceVersion: string | undefined,
): Numbering {
  if (version !== undefined) return { scheme: 'Explicit', version };
  return target.versioning.scheme === 'Source' ? { scheme: 'Source', sourceVersion } : target.versioning;
}
