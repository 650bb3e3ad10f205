import { Attempts } from '../errors/attempts.ts';
import { storeError } from '../errors/store.ts';
import { findDefinition, type ImageKind, refuseOtherKind } from '../galleries/ensure.ts';
import { findManagedImage, refuseElsewhere } from '../galleries/managed-image.ts';
import { findVersion } from '../galleries/resolve.ts';
import {
  definitionId,
  galleryId,
  keyOf,
  managedImageId,
  parseGalleryImageId,
  parseManagedImageId,
  resourceGroupId,
} from '../galleries/resource-id.ts';
import { parseVersion, renderVersion, versionFromSource } from '../galleries/version-number.ts';
import { regionName } from '../store/regions.ts';
import type { Store } from '../store/store.ts';
import { replicaTargets } from './shared-image/distribute.ts';
import type { DistributeTarget, ManagedImageTarget, SharedImageTarget } from './targets.ts';

export interface CheckOptions {
  readonly strict: boolean;
  /** Region of the template. */
  readonly location: string;
}

/** What is known of an image before it is built. */
export interface ImageToCheck extends ImageKind {
  readonly sourceVersion: string | undefined;
}

/**
 * Finds out, before a machine boots, everything that would keep the image from being published.
 *
 * @throws KilnError the first problem; with several, `details` lists them all, each with its JSON path.
 */
export async function checkTargets(
  targets: readonly DistributeTarget[],
  image: ImageToCheck,
  store: Store,
  options: CheckOptions,
): Promise<void> {
  const attempts = new Attempts();
  for (const [index, target] of targets.entries()) {
    const work = () => {
      refuseTwice(targets, index);
      return check(target, image, store, options);
    };
    await attempts.try(work, `properties.distribute[${index}]`);
  }
  attempts.end();
}

async function check(
  target: DistributeTarget,
  image: ImageToCheck,
  store: Store,
  options: CheckOptions,
): Promise<void> {
  switch (target.type) {
    case 'VHD':
      if (target.uri !== '') throw storeError('VhdUriUnsupported', { name: target.runOutputName, uri: target.uri });
      store.region(options.location);
      return;
    case 'ManagedImage':
      return checkManagedImage(target, store, options);
    case 'SharedImage':
      return checkSharedImage(target, image, store, options);
  }
}

async function checkManagedImage(target: ManagedImageTarget, store: Store, options: CheckOptions): Promise<void> {
  const id = parseManagedImageId(target.imageId);
  refuseElsewhere(await findManagedImage(store.db, id), regionName(target.location));
  if (options.strict) await requireResourceGroup(store, id);
}

async function checkSharedImage(
  target: SharedImageTarget,
  image: ImageToCheck,
  store: Store,
  options: CheckOptions,
): Promise<void> {
  const id = parseGalleryImageId(target.galleryImageId);
  const regions = replicaTargets(target, options.location).map(({ name }) => name);
  if (id.version !== undefined) {
    const version = renderVersion(parseVersion(id.version));
    const found = await findVersion(store.db, { ...id, version });
    if (found !== undefined) throw storeError('GalleryVersionExists', { id: found.id, busy: false });
  } else if (target.versioning.scheme === 'Source') {
    versionFromSource([], image.sourceVersion);
  }
  const definition = await findDefinition(store.db, id);
  if (definition !== undefined) refuseOtherKind(definition, image);
  if (!options.strict) return;
  await requireResourceGroup(store, id);
  const gallery = await store.db
    .selectFrom('galleries')
    .selectAll()
    .where('key', '=', keyOf(galleryId(id)))
    .executeTakeFirst();
  if (gallery === undefined) throw storeError('GalleryMissing', { id: galleryId(id) });
  if (definition === undefined) throw storeError('ImageDefinitionMissing', { id: definitionId(id) });
  if (regions.includes(gallery.location)) return;
  throw storeError('GalleryRegionMissing', {
    id: gallery.id,
    location: gallery.location,
    regions: regions.join(', '),
  });
}

async function requireResourceGroup(
  store: Store,
  id: { readonly subscription: string; readonly resourceGroup: string },
): Promise<void> {
  const group = resourceGroupId(id);
  const key = keyOf(group);
  const found = await store.db.selectFrom('resource_groups').select('key').where('key', '=', key).executeTakeFirst();
  if (found === undefined) throw storeError('ResourceGroupMissing', { id: group });
}

/** Targets with automatic numbers may share a definition: each gets its own. */
function refuseTwice(targets: readonly DistributeTarget[], index: number): void {
  const place = placeOf(targets[index]);
  const before = targets.slice(0, index).find(other => place !== undefined && placeOf(other) === place);
  if (before === undefined || place === undefined) return;
  throw storeError('TargetTwice', {
    first: before.runOutputName,
    second: targets[index]?.runOutputName ?? '',
    id: place,
  });
}

function placeOf(target: DistributeTarget | undefined): string | undefined {
  if (target?.type === 'ManagedImage') return keyOf(managedImageId(parseManagedImageId(target.imageId)));
  if (target?.type !== 'SharedImage') return undefined;
  const id = parseGalleryImageId(target.galleryImageId);
  if (id.version === undefined) return undefined;
  return `${keyOf(definitionId(id))}/versions/${renderVersion(parseVersion(id.version))}`;
}
