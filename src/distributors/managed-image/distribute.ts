import { publishManagedImage } from '../../galleries/managed-image.ts';
import { parseManagedImageId } from '../../galleries/resource-id.ts';
import { regionName } from '../../store/regions.ts';
import type { RunOutput } from '../distributor.ts';
import { progressOf } from '../progress.ts';
import { type PublishContext, published } from '../publishing.ts';
import type { ManagedImageTarget } from '../targets.ts';

/** Publishes the image as a managed image, in place of one of the same name. */
export async function distributeManagedImage(target: ManagedImageTarget, context: PublishContext): Promise<RunOutput> {
  const copying = progressOf(context.emit, `${target.runOutputName}: copying to ${target.location}`, 'bytes');
  const { id, ...artifact } = await publishManagedImage(context.store, {
    id: parseManagedImageId(target.imageId),
    location: regionName(target.location),
    disk: context.flat,
    tags: target.artifactTags,
    runOutputName: target.runOutputName,
    strict: context.strict,
    emit: context.emit,
    signal: context.signal,
    onCopy: (_region, done, total) => copying(done, total),
  });
  return published(context, { name: target.runOutputName, type: 'ManagedImage', artifactId: id, ...artifact });
}
