import { sourceError } from '../errors/sources.ts';
import type { Generation } from '../machine/machine.ts';
import type { CatalogueImage, Way } from './catalogue-schema.ts';
import { compareImageVersions, imageKey, similarNames } from './image-name.ts';
import type { SourceRecord } from './source-index.ts';

/** One version of an image that was found by name, and all that is known without its disk. */
export interface FoundImage {
  readonly id: string;
  readonly title: string;
  /** As the catalogue writes it. */
  readonly name: string;
  readonly names: CatalogueImage['names'];
  readonly version: string;
  readonly generation: Generation;
  readonly os: CatalogueImage['os'];
  readonly devices: CatalogueImage['devices'];
  readonly defaultUser: string | undefined;
  readonly planInfo: CatalogueImage['planInfo'];
  readonly securityType: CatalogueImage['securityType'];
  readonly origin: SourceRecord['origin'];
  /** Ways to get it, in the order in which they are tried; none for a disk that a user brought. */
  readonly ways: readonly Way[];
}

/** What there is to choose from. Of two images with one name the disks that users brought come first, then catalogues in order. */
export interface KnownImages {
  readonly catalogue: readonly CatalogueImage[];
  readonly records: readonly SourceRecord[];
}

/**
 * Finds `publisher:offer:sku`. `latest` is the highest version of the first that has the name; an exact version may be of
 * any that has it.
 *
 * @throws KilnError `SourceUnknown`, `SourceVersionUnknown`.
 */
export function findImage(known: KnownImages, name: string, version: string): FoundImage {
  const tiers = [addedImages(known.records), ...known.catalogue.map(catalogueVersions)]
    .map(images => images.filter(image => imageKey(image.name) === imageKey(name)))
    .filter(images => images.length > 0);
  const [first] = tiers;
  if (first === undefined) {
    throw sourceError('SourceUnknown', { name, near: similarNames(name, allNames(known)) });
  }
  if (version === 'latest') return highest(first);
  const all = tiers.flat();
  const exact = all.find(image => compareImageVersions(image.version, version) === 0);
  if (exact !== undefined) return exact;
  const versions = [...new Set(all.map(image => image.version))].sort(compareImageVersions).reverse();
  throw sourceError('SourceVersionUnknown', { name, version, versions });
}

/** Every version of every image, for lists. */
export function allImages(known: KnownImages): readonly FoundImage[] {
  return [...addedImages(known.records), ...known.catalogue.flatMap(catalogueVersions)];
}

function addedImages(records: readonly SourceRecord[]): FoundImage[] {
  return records
    .filter(record => record.origin === 'added')
    .flatMap(record =>
      Object.entries(record.names).map(([name, generation]) => ({
        ...record,
        ...{ name, generation, ways: [], defaultUser: record.defaultUser },
        ...{ planInfo: record.planInfo, securityType: undefined },
      })),
    );
}

function catalogueVersions(image: CatalogueImage): FoundImage[] {
  return Object.entries(image.names).flatMap(([name, generation]) =>
    image.versions.map(({ version, ways }) => ({
      ...image,
      ...{ name, generation, version, ways, origin: 'catalogue' as const, defaultUser: image.defaultUser },
      ...{ planInfo: image.planInfo, securityType: image.securityType },
    })),
  );
}

function highest(images: readonly FoundImage[]): FoundImage {
  const [first, ...rest] = images;
  if (first === undefined) throw new Error('an image has a version');
  return rest.reduce((best, image) => (compareImageVersions(image.version, best.version) > 0 ? image : best), first);
}

function allNames(known: KnownImages): string[] {
  return [...new Set(allImages(known).map(image => image.name))];
}
