import { Attempts } from '../errors/attempts.ts';
import { storeError } from '../errors/store.ts';
import { blobName, parseBlobUri } from '../galleries/blob-uri.ts';
import type { ImageKind } from '../galleries/ensure.ts';
import {
  definitionId,
  keyOf,
  managedImageId,
  parseGalleryImageId,
  parseManagedImageId,
} from '../galleries/resource-id.ts';
import { parseVersion, renderVersion } from '../galleries/version-number.ts';
import type { Store } from '../store/store.ts';
import { checkManagedImage } from './managed-image/check.ts';
import { checkSharedImage } from './shared-image/check.ts';
import type { DistributeTarget } from './targets.ts';
import { checkVhd } from './vhd/check.ts';

export interface CheckOptions {
  readonly strict: boolean;
  /** Region of the template. */
  readonly location: string;
}

/** What is known of an image before it is built: what its source is. */
export interface ImageToCheck extends ImageKind {
  /** Exact version of the source, when it has one. */
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
    const path = `properties.distribute[${index}]`;
    const work = () => {
      refuseTwice(targets, index);
      return check(target, image, store, options, path);
    };
    await attempts.try(work, target.type === 'VHD' && target.uri !== '' ? `${path}.uri` : path);
  }
  attempts.end();
}

async function check(
  target: DistributeTarget,
  image: ImageToCheck,
  store: Store,
  { strict, location }: CheckOptions,
  path: string,
): Promise<void> {
  switch (target.type) {
    case 'VHD':
      return checkVhd(target, store, location);
    case 'ManagedImage':
      return checkManagedImage(target, store, strict);
    case 'SharedImage':
      return checkSharedImage(target, image, store, { strict, location, path, sourceVersion: image.sourceVersion });
  }
}

/** Targets with automatic numbers may share a definition: each gets its own. */
function refuseTwice(targets: readonly DistributeTarget[], index: number): void {
  const place = placeOf(targets[index]);
  const before = targets.slice(0, index).find(other => overlap(placeOf(other), place));
  if (before === undefined || place === undefined) return;
  throw storeError('TargetTwice', {
    first: before.runOutputName,
    second: targets[index]?.runOutputName ?? '',
    id: place,
  });
}

/** One place, or a blob below another. */
function overlap(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

function placeOf(target: DistributeTarget | undefined): string | undefined {
  if (target?.type === 'VHD') return target.uri === '' ? undefined : `blob ${blobName(parseBlobUri(target.uri))}`;
  if (target?.type === 'ManagedImage') return keyOf(managedImageId(parseManagedImageId(target.imageId)));
  if (target?.type !== 'SharedImage') return undefined;
  const id = parseGalleryImageId(target.galleryImageId);
  if (id.version === undefined) return undefined;
  return `${keyOf(definitionId(id))}/versions/${renderVersion(parseVersion(id.version))}`;
}
