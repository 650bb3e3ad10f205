import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { storeError } from '../errors/store.ts';

/** Where a region keeps its files. */
export interface RegionDirectory {
  readonly root: string;
  /** Id of the store whose region it is. */
  readonly mark: string;
  /** Read-only disks, by digest. */
  readonly blobs: string;
  /** Files that are being written, as `<owner>-<random>`. */
  readonly incoming: string;
  /** Published VHDs, by name. */
  readonly vhds: string;
  /** Storage accounts: `<account>/<container>/<path of the blob>`. */
  readonly storage: string;
}

/** A region's name as it is compared: `West Europe` and `westeurope` are one region. */
export function regionName(region: string): string {
  const name = region.toLowerCase().replaceAll(' ', '');
  if (!isRegionName(name)) throw storeError('BadRegionName', { region });
  return name;
}

/** Names of the regions of a site: those that have a directory below `root`, and those that it names. */
export async function siteRegions(
  root: string,
  configured: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const made = await readdir(root, { withFileTypes: true }).catch(() => []);
  const names = made.filter(entry => entry.isDirectory() && isRegionName(entry.name)).map(entry => entry.name);
  return [...new Set([...names, ...Object.keys(configured).map(regionName)])].sort();
}

/** Whether a name is one that `regionName` gives. */
export function isRegionName(name: string): boolean {
  return /^[a-z0-9][a-z0-9_-]{0,63}$/.test(name);
}

/**
 * Finds a region's directories: those that the site names, else one below `root`.
 *
 * @throws KilnError `BadRegionName`.
 */
export function regionLayout(
  root: string,
  configured: Readonly<Record<string, string>>,
): { directory(region: string): RegionDirectory } {
  const mapped = new Map(Object.entries(configured).map(([name, path]) => [regionName(name), resolve(path)]));
  return {
    directory: region => {
      const name = regionName(region);
      const directory = mapped.get(name) ?? join(root, name);
      return {
        root: directory,
        mark: join(directory, 'store-id'),
        blobs: join(directory, 'blobs'),
        incoming: join(directory, 'incoming'),
        vhds: join(directory, 'vhds'),
        storage: join(directory, 'storage'),
      };
    },
  };
}
