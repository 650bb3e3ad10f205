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
  const places = new Places();
  const checkAll = async (checked: Store): Promise<void> => {
    for (const one of declared) await attempts.try(() => one.create(checked, () => undefined));
    for (const [index, target] of targets.entries()) {
      const work = () => {
        places.add(target);
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
  const places = new Places();
  for (const [index, target] of targets.entries()) {
    await attempts.try(() => places.add(target), pathOf(targets, index));
  }
  attempts.end();
}

/** Where the place of a target is written. */
function pathOf(targets: readonly DistributeTarget[], index: number): string {
  const target = targets[index];
  const path = `properties.distribute[${index}]`;
  return target?.type === 'VHD' && target.uri !== '' ? `${path}.uri` : path;
}

/** Where the targets of a template go. Those with automatic numbers may share a definition: each gets its own. */
class Places {
  /** Place to the first target that goes there. */
  readonly #taken = new Map<string, Entry>();
  /** Everything that such a place is below. */
  readonly #parents = new Map<string, Entry>();
  #count = 0;

  /** @throws KilnError `TargetTwice` for one place, or a blob below another: a file cannot be a directory as well. */
  add(target: DistributeTarget): void {
    const place = placeOf(target);
    if (place === undefined) return;
    const { runOutputName } = target;
    const before = [place, ...above(place)].flatMap(one => this.#taken.get(one) ?? []);
    const below = this.#parents.get(place);
    const [first] = [...before, ...(below === undefined ? [] : [below])].sort((a, b) => a.order - b.order);
    const entry = { runOutputName, order: this.#count };
    this.#count += 1;
    if (!this.#taken.has(place)) this.#taken.set(place, entry);
    for (const parent of above(place)) if (!this.#parents.has(parent)) this.#parents.set(parent, entry);
    if (first === undefined) return;
    throw storeError('TargetTwice', { first: first.runOutputName, second: runOutputName, id: place });
  }
}

interface Entry {
  readonly runOutputName: string;
  readonly order: number;
}

/** What a place is below, by the slashes in it. */
function above(place: string): readonly string[] {
  return [...place.matchAll(/\//g)].map(({ index }) => place.slice(0, index));
}

function placeOf(target: DistributeTarget): string | undefined {
  if (target.type === 'VHD') return target.uri === '' ? undefined : `blob ${blobName(parseBlobUri(target.uri))}`;
  if (target.type === 'ManagedImage') return keyOf(managedImageId(parseManagedImageId(target.imageId)));
  const id = parseGalleryImageId(target.galleryImageId);
  if (id.version === undefined) return undefined;
  return `${keyOf(definitionId(id))}/versions/${renderVersion(parseVersion(id.version))}`;
}
