import { putBlob } from '../store/blobs.ts';
import type { Store } from '../store/store.ts';
import type { ImageToPublish } from './published-disk.ts';

export interface PutImageOptions {
  /** Who keeps the blobs until something refers to them. */
  readonly holder: string;
  readonly signal: AbortSignal;
  /** Bytes of all disks together, copied to the region so far. */
  readonly onCopy?: ((region: string, done: number, total: number) => void) | undefined;
}

/**
 * Puts all disks of an image into a region, each whole and verified, and returns the path of the one with the operating
 * system.
 *
 * @throws KilnError `DiskChanged`; the signal's reason.
 */
export async function putImage(
  store: Store,
  region: string,
  image: ImageToPublish,
  { holder, signal, onCopy }: PutImageOptions,
): Promise<string> {
  const total = [image, ...image.dataDisks].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const takeOver = image.takeOver(region);
  const put = (file: { path: string; digest: string }, before: number): Promise<string> =>
    putBlob(store, region, file, {
      ...{ holder, signal, takeOver },
      onProgress: ({ done }) => onCopy?.(region, before + done, total),
    });
  const path = await put(image, 0);
  let before = image.sizeBytes;
  for (const disk of image.dataDisks) {
    await put(disk, before);
    before += disk.sizeBytes;
  }
  return path;
}
