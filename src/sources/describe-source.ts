import { KilnError } from '../errors/kiln-error.ts';
import { sourceError } from '../errors/sources.ts';
import { resolveGalleryVersion, resolveManagedImage } from '../galleries/resolve.ts';
import { releasePins, workHolder } from '../store/pins.ts';
import type { ImageSource } from '../template/model.ts';
import { renderImageName } from './image-name.ts';
import { checkPlanInfo, purchasePlan } from './plan-info.ts';
import { findPlatformImage } from './platform-image.ts';
import { sourceGone } from './resolve-source.ts';
import type { ResolveContext } from './source-context.ts';
import type { SourceDisk } from './source-disk.ts';

/** What is known of a source before its disk is on this machine. */
export type DescribedSource = Pick<
  SourceDisk,
  'exactName' | 'exactVersion' | 'os' | 'generation' | 'plan' | 'securityType' | 'devices' | 'dataDisks'
> & {
  /** 0 for a platform image whose disk is not here yet. */
  readonly virtualSizeBytes: number;
};

/**
 * Finds the source of a template without getting its disk.
 *
 * @throws KilnError as `resolveSource`, but for what can go wrong with getting a disk
 */
export async function describeSource(
  source: ImageSource,
  context: Pick<ResolveContext, 'home' | 'config' | 'store' | 'location' | 'subscription' | 'strict'>,
): Promise<DescribedSource> {
  if (source.type === 'ISO') throw sourceError('IsoSourceUnsupported', { uri: source.sourceUri });
  if (source.type === 'PlatformImage') {
    try {
      const { image, aliased, record } = await findPlatformImage(renderImageName(source), source.version, context);
      if (!aliased) checkPlanInfo(source.planInfo, image);
      return {
        exactName: `${image.name}:${image.version}`,
        exactVersion: image.version,
        os: image.os,
        generation: image.generation,
        devices: image.devices,
        plan: purchasePlan(image.planInfo),
        securityType: image.securityType,
        virtualSizeBytes: record?.virtualSizeBytes ?? 0,
        dataDisks: [],
      };
    } catch (error) {
      throw error instanceof KilnError ? sourceGone(error) : error;
    }
  }
  const holder = workHolder();
  try {
    const options = { ...context, holder };
    const image =
      source.type === 'ManagedImage'
        ? await resolveManagedImage(context.store, source.imageId, options)
        : await resolveGalleryVersion(context.store, source.imageVersionId, options);
    return {
      exactName: image.exactId,
      ...(image.version === undefined ? {} : { exactVersion: image.version }),
      os: image.os,
      generation: image.generation,
      devices: { disk: 'virtio', nic: 'virtio' },
      plan: image.plan,
      securityType: image.securityType,
      virtualSizeBytes: image.virtualSizeBytes,
      dataDisks: image.dataDisks,
    };
  } finally {
    await releasePins(context.store, holder);
  }
}
