import { shownUri } from '../artifacts/shown-uri.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { sourceError } from '../errors/sources.ts';
import type { Emit } from '../events/build-event.ts';
import { type ResolvedImage, resolveGalleryVersion, resolveManagedImage } from '../galleries/resolve.ts';
import type { DeviceProfile } from '../machine/machine.ts';
import type { ImageSource, PlatformImageSource } from '../template/model.ts';
import type { FoundImage } from './find-image.ts';
import { renderImageName } from './image-name.ts';
import { checkPlanInfo } from './plan-info.ts';
import { platformImage } from './platform-image.ts';
import type { ResolveContext } from './source-context.ts';
import type { SourceDisk } from './source-disk.ts';
import { sourcePaths } from './source-paths.ts';
import { releaseUse } from './source-uses.ts';

/** What `platformImage` says of an image that there is not. */
const NOT_FOUND = ['SourceNameInvalid', 'SourceUnknown', 'SourceVersionUnknown'];

/** Hardware of images that Kiln made itself: their guests had these devices when they were made. */
const BUILT_DEVICES: DeviceProfile = { disk: 'virtio', nic: 'virtio' };

/**
 * Resolves the source of a template to one immutable disk on this machine, which `context.holder` uses from then on.
 * Platform images that are not here yet are got: that can take minutes.
 *
 * @throws KilnError `BadPIRSource`, `VMMarketplaceInvalidInput`, `IsoSourceUnsupported`, the other errors of
 * `platformImage`, those of `resolveManagedImage` and `resolveGalleryVersion`; the signal's reason when aborted.
 */
export async function resolveSource(source: ImageSource, context: ResolveContext): Promise<SourceDisk> {
  const { store, emit } = context;
  const disk = await (async () => {
    switch (source.type) {
      case 'PlatformImage':
        return platformDisk(source, context);
      case 'ManagedImage':
        return builtDisk(source.imageId, await resolveManagedImage(store, source.imageId, context), emit);
      case 'SharedImageVersion':
        return builtDisk(
          source.imageVersionId,
          await resolveGalleryVersion(store, source.imageVersionId, context),
          emit,
        );
      case 'ISO':
        throw sourceError('IsoSourceUnsupported', { uri: shownUri(source.sourceUri) });
    }
  })();
  const { name, exactName, digest } = disk;
  emit({ type: 'source-resolved', source: name, exactVersion: exactName, digest });
  return disk;
}

async function platformDisk(source: PlatformImageSource, context: ResolveContext): Promise<SourceDisk> {
  const { version, planInfo } = source;
  const accept = (image: FoundImage, aliased: boolean) => {
    // A template that was written for Azure runs unchanged: its plan is that of the image for which the other one stands in.
    if (!aliased) return checkPlanInfo(planInfo, image);
    if (planInfo === undefined) return;
    const message = `The plan of the template, ${planInfo.planName}, is not that of ${image.name} and is left out`;
    context.emit({ type: 'log', level: 'info', message });
  };
  try {
    return await platformImage({ name: renderImageName(source), version, holder: context.holder, accept }, context);
  } catch (error) {
    throw error instanceof KilnError ? sourceGone(error) : error;
  }
}

/** An image that there is not, in the service's code. */
export function sourceGone(error: KilnError): KilnError {
  if (!NOT_FOUND.includes(error.code)) return error;
  return sourceError('BadPIRSource', { problem: error.message, todo: error.todo }, { cause: error });
}

/** Gives up the platform images that a holder uses. Disks of the store are given up with its pins. */
export function releaseSources(context: Pick<ResolveContext, 'home' | 'holder'>): Promise<void> {
  return releaseUse(sourcePaths(context.home), context.holder);
}

function builtDisk(name: string, image: ResolvedImage, emit: Emit): SourceDisk {
  for (const message of image.remarks) emit({ type: 'log', level: 'warning', message });
  return {
    path: image.path,
    digest: image.digest,
    virtualSizeBytes: image.virtualSizeBytes,
    dataDisks: image.dataDisks,
    name,
    exactName: image.exactId,
    ...(image.version === undefined ? {} : { exactVersion: image.version }),
    os: image.os,
    generation: image.generation,
    devices: BUILT_DEVICES,
    defaultUser: undefined,
    plan: image.plan,
    securityType: image.securityType,
  };
}
