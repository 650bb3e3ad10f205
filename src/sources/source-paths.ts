import { join } from 'node:path';
import type { KilnHome } from '../home/kiln-home.ts';

/** Every name under `KILN_HOME/sources`, once. */
export interface SourcePaths {
  readonly root: string;
  /** One JSON file per image and version that is on this machine. */
  readonly index: string;
  /** The disks, named after their digests. */
  readonly disks: string;
  /** Who uses which disk: a directory per digest, a file per holder. */
  readonly uses: string;
  /** Disks in the making, one directory per process and image. */
  readonly work: string;
  record(id: string, version: string): string;
  disk(digest: string): string;
  usesOf(digest: string): string;
}

export function sourcePaths(home: Pick<KilnHome, 'sources'>): SourcePaths {
  const root = home.sources;
  const index = join(root, 'index');
  const disks = join(root, 'disks');
  const uses = join(root, 'uses');
  return {
    root,
    index,
    disks,
    uses,
    work: join(root, 'work'),
    record: (id, version) => join(index, `${id}@${version}.json`),
    disk: digest => join(disks, `${fileName(digest)}.qcow2`),
    usesOf: digest => join(uses, fileName(digest)),
  };
}

/** A colon separates paths in too many places to be in a file name. */
function fileName(digest: string): string {
  return digest.replaceAll(':', '-');
}
