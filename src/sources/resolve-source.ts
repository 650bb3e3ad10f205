import { shownUri } from '../artifacts/shown-uri.ts';
import { sourceError } from '../errors/sources.ts';
import { type ResolvedImage, resolveGalleryVersion, resolveManagedImage } from '../galleries/resolve.ts';
import type { DeviceProfile } from '../machine/machine.ts';
import type { ImageSource } from '../template/model.ts';
import { renderImageName } from './image-name.ts';
import { platformImage } from './platform-image.ts';
import type { ResolveContext } from './source-context.ts';
import type { SourceDisk } from './source-disk.ts';
import { sourcePaths } from './source-paths.ts';
import { releaseUse } from './source-uses.ts';

/** Hardware of images that Kiln made itself: their guests had these devices when they were made. */
const BUILT_DEVICES: DeviceProfile = { disk: 'virtio', nic: 'virtio' };

/**
 * Resolves the source of a template to one immutable disk on this machine, which `context.holder` uses from then on.
 * Platform images that are not here yet are got: that can take minutes.
 *
 * @throws KilnError those of `platformImage`, `resolveManagedImage` and `resolveGalleryVersion`; the signal's reason when
 * aborted.
 */
export async function resolveSource(source: ImageSource, context: ResolveContext): Promise<SourceDisk> {
  const { store, holder, location, strict, emit } = context;
  const disk = await (async () => {
    switch (source.type) {
      case 'PlatformImage': {
        const { version } = source;
        return platformImage({ name: renderImageName(source), version, holder }, context);
      }
      case 'ManagedImage':
        return builtDisk(source.imageId, await resolveManagedImage(store, source.imageId, { holder }));
      case 'SharedImageVersion': {
        const options = { holder, location, strict };
        return builtDisk(source.imageVersionId, await resolveGalleryVersion(store, source.imageVersionId, options));
      }
      case 'ISO':
        throw sourceError('IsoSourceUnsupported', { uri: shownUri(source.sourceUri) });
    }
  })();
  const { name, exactName, digest } = disk;
  emit({ type: 'source-resolved', source: name, exactVersion: exactName, digest });
  return disk;
}

/** Gives up the platform images that a holder uses. Disks of the store are given up with its pins. */
export function releaseSources(context: Pick<ResolveContext, 'home' | 'holder'>): Promise<void> {
  return releaseUse(sourcePaths(context.home), context.holder);
}

function builtDisk(name: string, image: ResolvedImage): SourceDisk {
  return {
    path: image.path,
    digest: image.digest,
    virtualSizeBytes: image.virtualSizeBytes,
    name,
    exactName: image.exactId,
    ...(image.version === undefined ? {} : { exactVersion: image.version }),
    os: image.os,
    generation: image.generation,
    devices: BUILT_DEVICES,
    defaultUser: undefined,
  };
}
