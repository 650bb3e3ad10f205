import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive, ownerIn, ownerName } from '../home/process-lock.ts';
import { directoryForBuildUser } from '../sandbox/build-user.ts';
import { removeAsNamespaceRoot } from './namespace-root.ts';
import type { SourcePaths } from './source-paths.ts';

/** Runs `work` with a fresh directory of the build user, and removes it however that ends. */
export async function inWorkspace<T>(paths: SourcePaths, work: (directory: string) => Promise<T>): Promise<T> {
  await sweepWorkspaces(paths);
  const directory = join(paths.work, `${ownerName()}-${randomBytes(6).toString('hex')}`);
  await directoryForBuildUser(directory);
  try {
    return await work(directory);
  } finally {
    await removeAsNamespaceRoot(directory);
  }
}

/** Removes what processes left that were killed. */
async function sweepWorkspaces(paths: SourcePaths): Promise<void> {
  for (const name of await readdir(paths.work).catch(() => [])) {
    const owner = ownerIn(name);
    if (owner !== undefined && !isAlive(owner)) await removeAsNamespaceRoot(join(paths.work, name));
  }
}
