import { KilnError } from '../../errors/kiln-error.ts';
import { storeError } from '../../errors/store.ts';
import { findDefinition, type ImageKind, refuseOtherKind, requireResourceGroup } from '../../galleries/ensure.ts';
import { findVersion } from '../../galleries/resolve.ts';
import { definitionId, galleryId, keyOf, parseGalleryImageId } from '../../galleries/resource-id.ts';
import { parseVersion, renderVersion, versionFromSource } from '../../galleries/version-number.ts';
import type { Store } from '../../store/store.ts';
import type { SharedImageTarget } from '../targets.ts';
import { replicaTargets } from './distribute.ts';

export interface SharedImageChecks {
  readonly strict: boolean;
  /** Region of the template. */
  readonly location: string;
  /** Exact version of the source, when it has one. */
  readonly sourceVersion: string | undefined;
  /** JSON path of the target. */
  readonly path: string;
}

/**
 * @throws KilnError `GalleryVersionExists`, `VersionNumberInvalid`, `ImageDefinitionMismatch`, with `strict` also
 * `ResourceGroupMissing`, `GalleryMissing`, `ImageDefinitionMissing`, `GalleryRegionMissing`; `details` has the service's
 * code for all of them.
 */
export async function checkSharedImage(
  target: SharedImageTarget,
  kind: ImageKind,
  store: Store,
  checks: SharedImageChecks,
): Promise<void> {
  try {
    await check(target, kind, store, checks);
  } catch (error) {
    if (!(error instanceof KilnError)) throw error;
    const { message } = error;
    throw error.with({ details: [{ code: 'BadSharedImageDistribute', message, target: checks.path }] });
  }
}

async function check(
  target: SharedImageTarget,
  kind: ImageKind,
  store: Store,
  { strict, location, sourceVersion }: SharedImageChecks,
): Promise<void> {
  const id = parseGalleryImageId(target.galleryImageId);
  const regions = replicaTargets(target, location).map(({ name }) => name);
  if (id.version !== undefined) {
    const version = renderVersion(parseVersion(id.version));
    const found = await findVersion(store.db, { ...id, version });
    if (found !== undefined) throw storeError('GalleryVersionExists', { id: found.id, busy: false });
  } else if (target.versioning.scheme === 'Source') {
    versionFromSource([], sourceVersion);
  }
  const definition = await findDefinition(store.db, id);
  if (definition !== undefined) refuseOtherKind(definition, kind);
  if (!strict) return;
  await requireResourceGroup(store, id);
  const key = keyOf(galleryId(id));
  const gallery = await store.db.selectFrom('galleries').selectAll().where('key', '=', key).executeTakeFirst();
  if (gallery === undefined) throw storeError('GalleryMissing', { id: galleryId(id) });
  if (definition === undefined) throw storeError('ImageDefinitionMissing', { id: definitionId(id) });
  if (regions.includes(gallery.location)) return;
  throw storeError('GalleryRegionMissing', {
    id: gallery.id,
    location: gallery.location,
    regions: regions.join(', '),
  });
}
