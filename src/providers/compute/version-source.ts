import { stat } from 'node:fs/promises';
import { armError } from '../../errors/arm.ts';
import type { ImageToPublish } from '../../galleries/published-disk.ts';
import { type ResolvedImage, resolveGalleryVersion, resolveManagedImage } from '../../galleries/resolve.ts';
import type { Store } from '../../store/store.ts';

const IMAGE = /\/providers\/Microsoft\.Compute\/images\/[^/]+$/i;
const VERSION = /\/providers\/Microsoft\.Compute\/galleries\/[^/]+\/images\/[^/]+\/versions\/[^/]+$/i;

/**
 * The image or version that another version is to be made from. Its disks stay as long as `holder` holds them.
 *
 * @throws KilnError `InvalidParameter` for anything but an image, `BadManagedImageSource`, `BadSharedImageVersionSource`, `BlobMissing`.
 */
export async function versionSource(
  store: Store,
  id: string,
  options: { readonly holder: string; readonly location: string },
): Promise<ResolvedImage> {
  const wanted = { ...options, strict: false };
  if (IMAGE.test(id)) return resolveManagedImage(store, id, wanted);
  if (VERSION.test(id)) return resolveGalleryVersion(store, id, wanted);
  const reason = `\`${id}\` is neither the id of a managed image nor that of a gallery image version`;
  throw armError('InvalidParameter', { name: 'properties.storageProfile.source.id', reason });
}

/** The same, as what is published. The file stays where it is: each region gets a copy of its own. */
export async function imageOf(source: ResolvedImage, runId: string): Promise<ImageToPublish> {
  const { path, digest, sizeBytes, virtualSizeBytes, os, generation, plan, exactId } = source;
  const dataDisks = await Promise.all(
    source.dataDisks.map(async disk => ({ ...disk, sizeBytes: (await stat(disk.path)).size })),
  );
  return {
    ...{ path, digest, sizeBytes, virtualSizeBytes, os, generation, plan, runId, dataDisks },
    sourceDigest: digest,
    sourceName: exactId,
    takeOver: () => false,
  };
}
