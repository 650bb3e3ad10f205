import { fileURLToPath } from 'node:url';
import { storeError } from '../errors/store.ts';
import { listPublished, type PublishedCopy, type PublishedImage } from '../galleries/list.ts';
import { removeGalleryVersion, removeManagedImage, removeVhd } from '../galleries/remove.ts';
import { findVersion } from '../galleries/resolve.ts';
import { keyOf, parseManagedImageId, parseVersionId } from '../galleries/resource-id.ts';
import { imageStorageProfile, versionStorageProfile } from '../galleries/storage-profile.ts';
import { latestRunOutput } from '../store/runs.ts';
import type { Store } from '../store/store.ts';

/** What `kiln image list --output json` prints. */
export function listImages(store: Store): Promise<readonly PublishedImage[]> {
  return listPublished(store);
}

/**
 * Finds an image by ARM id (of a gallery version also `.../versions/latest`), by path or URI of a VHD, or by the name of
 * a run output: then what the newest run with that output published.
 *
 * @throws KilnError `ImageNotFound`, `VersionNumberInvalid`.
 */
export async function showImage(store: Store, idOrName: string): Promise<PublishedImage> {
  const images = await listPublished(store);
  const exact = await exactId(store, idOrName);
  const isMeant = (image: PublishedImage) =>
    image.type === 'VHD'
      ? image.id === exact || image.copies.some(({ path }) => path === exact)
      : keyOf(image.id) === keyOf(exact);
  const found = images.find(isMeant);
  if (found === undefined) throw storeError('ImageNotFound', { what: 'image or run output', id: idOrName });
  return found;
}

/**
 * Removes an image, a version or a VHD by its id (not by the name of a run output, not `latest`), and its disk when nothing
 * else refers to it. Resolves with the id of what was removed.
 *
 * @throws KilnError `ImageNotFound`, `BadResourceId`, `VersionNumberInvalid`.
 */
export async function removeImage(store: Store, id: string): Promise<string> {
  if (!id.toLowerCase().startsWith('/subscriptions/')) return removeVhd(store, pathOf(id));
  if (/\/versions\/[^/]*$/.test(id)) return removeGalleryVersion(store, parseVersionId(id));
  return removeManagedImage(store, parseManagedImageId(id));
}

/** One line for each image, as columns. */
export function renderImages(images: readonly PublishedImage[]): string {
  if (images.length === 0) return 'Nothing is published yet.\n';
  const rows = images.map(image => [
    image.type,
    image.publishedAt.slice(0, 16).replace('T', ' '),
    gibibytes(image.sizeBytes),
    image.copies.map(({ region }) => region).join(','),
    image.id,
  ]);
  const table = [['TYPE', 'PUBLISHED', 'SIZE', 'REGIONS', 'ID'], ...rows];
  const widths = [0, 1, 2, 3].map(column => Math.max(...table.map(row => (row[column] ?? '').length)));
  return table.map(row => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}\n`).join('');
}

/** All that is known of one image. */
export function renderImage(image: PublishedImage): string {
  const tags = Object.entries(image.tags).map(([name, value]) => `${name}=${value}`);
  const lines: readonly (readonly [string, string])[] = [
    ['Id', image.id],
    ['Type', image.type],
    ...(image.excludeFromLatest === true ? [['Latest', 'excluded'] as const] : []),
    ['Kind', kind(image)],
    ...(image.plan === undefined ? [] : [['Plan', planText(image.plan)] as const]),
    ['Published', image.publishedAt],
    ['Run', image.runId],
    ['Source', image.sourceName],
    ['Source digest', image.sourceDigest],
    ['Digest', image.digest],
    ['Size', sizeText(image)],
    ...image.dataDisks.map(disk => [`Data disk ${disk.lun}`, `${sizeText(disk)}, ${disk.digest}`] as const),
    ...(tags.length === 0 ? [] : [['Tags', tags.join(', ')] as const]),
    ...(image.replicationMode === undefined ? [] : [['Replication', image.replicationMode] as const]),
    ...image.copies.map(copy => [`In ${copy.region}`, copyText(copy)] as const),
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('');
}

/** An image as a document: with its disks in Azure's words, too, where Azure has words for them. */
export function imageDocument(image: PublishedImage): object {
  switch (image.type) {
    case 'VHD':
      return image;
    case 'ManagedImage':
      return { ...image, storageProfile: imageStorageProfile(image) };
    case 'SharedImage':
      return { ...image, storageProfile: versionStorageProfile(image) };
  }
}

function sizeText({ sizeBytes, virtualSizeBytes }: Pick<PublishedImage, 'sizeBytes' | 'virtualSizeBytes'>): string {
  return `${gibibytes(sizeBytes)} (disk of ${gibibytes(virtualSizeBytes)})`;
}

function kind({ os, generation, securityType }: PublishedImage): string {
  const security = securityType === undefined || securityType === 'Standard' ? '' : `, ${securityType}`;
  return `${os}, generation ${generation}${security}`;
}

function planText({ name, product, publisher }: NonNullable<PublishedImage['plan']>): string {
  return `${name} of ${product} by ${publisher}`;
}

/** Path of a copy, and what its region is to do with it. */
function copyText({ path, heldIn, replicaCount, storageAccountType }: PublishedCopy): string {
  const place = heldIn === undefined ? path : `as in ${heldIn}`;
  if (replicaCount === undefined) return place;
  const replicas = replicaCount === 1 ? '1 replica' : `${replicaCount} replicas`;
  return `${place} (${replicas}${storageAccountType === undefined ? '' : `, ${storageAccountType}`})`;
}

async function exactId(store: Store, idOrName: string): Promise<string> {
  if (/\/versions\/latest$/i.test(idOrName)) {
    return (await findVersion(store.db, parseVersionId(idOrName)))?.id ?? idOrName;
  }
  if (idOrName.startsWith('/') || idOrName.startsWith('file:')) return pathOf(idOrName);
  const output = await latestRunOutput(store, idOrName);
  return output?.artifactId ?? output?.path ?? idOrName;
}

function pathOf(text: string): string {
  if (!text.startsWith('file:')) return text;
  try {
    return fileURLToPath(text);
  } catch {
    // Not a local file: nothing has that name.
    return text;
  }
}

function gibibytes(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
