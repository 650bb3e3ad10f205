import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHeld } from '../store/pins.ts';
import type { SourcePaths } from './source-paths.ts';

/**
 * Notes that `holder` needs a disk. Holders are those of the store's pins: work (`workHolder()`) counts as long as
 * its process lives, a run (`runHolder(id)`) until it is released.
 */
export async function noteUse(paths: SourcePaths, digest: string, holder: string): Promise<void> {
  const directory = paths.usesOf(digest);
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await writeFile(join(directory, encodeURIComponent(holder)), '');
}

/** Forgets what a holder uses: one disk, or all of them. */
export async function releaseUse(paths: SourcePaths, holder: string, digest?: string): Promise<void> {
  const directories =
    digest === undefined ? (await namesIn(paths.uses)).map(name => join(paths.uses, name)) : [paths.usesOf(digest)];
  await Promise.all(directories.map(directory => rm(join(directory, encodeURIComponent(holder)), { force: true })));
}

/** Who uses a disk now. Notes of processes that are gone are removed on the way. */
export async function usersOf(paths: SourcePaths, digest: string): Promise<readonly string[]> {
  const directory = paths.usesOf(digest);
  const holders: string[] = [];
  for (const name of await namesIn(directory)) {
    const holder = decodeURIComponent(name);
    if (isHeld(holder)) holders.push(holder);
    else await rm(join(directory, name), { force: true });
  }
  return holders;
}

/** How a holder is said to people. */
export function holderText(holder: string): string {
  return holder.startsWith('run:') ? `run ${holder.slice('run:'.length)}` : `process ${holder.split('-')[0]}`;
}

function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch(() => []);
}
