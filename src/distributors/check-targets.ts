import { Attempts } from '../errors/attempts.ts';
import { storeError } from '../errors/store.ts';
import { blobName, parseBlobUri } from '../galleries/blob-uri.ts';
import type { Declaration } from '../galleries/declare.ts';
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
  /** What is made before the image: it counts as if it were there. */
  readonly declared?: readonly Declaration[] | undefined;
}

/** What is known of an image before it is built: what its source is. */
export interface ImageToCheck extends ImageKind {
  /** Exact version of the source, when it has one. */
  readonly sourceVersion: string | undefined;
}

/**
 * Finds out, before a machine boots and anything is made, everything that would keep what is declared from being made and the
 * image from being published.
 *
 * @throws KilnError the first problem; with several, `details` lists them all, each with its JSON path.
 */
export async function checkTargets(
  targets: readonly DistributeTarget[],
  image: ImageToCheck,
  store: Store,
  options: CheckOptions,
): Promise<void> {
  const { declared = [] } = options;
  const attempts = new Attempts();
  const checkAll = async (checked: Store): Promise<void> => {
    for (const one of declared) await attempts.try(() => one.create(checked, () => undefined));
    for (const [index, target] of targets.entries()) {
      const work = () => {
        refuseTwice(targets, index);
        return check(target, image, checked, options, `properties.distribute[${index}]`);
      };
      await attempts.try(work, pathOf(targets, index));
    }
  };
  await (declared.length === 0 ? checkAll(store) : store.rehearse(checkAll));
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

/**
 * Finds targets that would overwrite each other: what of `checkTargets` the template alone decides.
 *
 * @throws KilnError `TargetTwice`; with several, `details` lists them all, each with its JSON path.
 */
export async function checkPlaces(targets: readonly DistributeTarget[]): Promise<void> {
  const attempts = new Attempts();
  for (const index of targets.keys()) await attempts.try(() => refuseTwice(targets, index), pathOf(targets, index));
  attempts.end();
}

/** Where the place of a target is written. */
function pathOf(targets: readonly DistributeTarget[], index: number): string {
  const target = targets[index];
  const path = `properties.distribute[${index}]`;
  return target?.type === 'VHD' && target.uri !== '' ? `${path}.uri` : path;
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
