import type { Stats } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { homeError } from '../errors/home.ts';
import type { KilnHome } from '../home/kiln-home.ts';
import { type BuildUser, buildUser } from './build-user.ts';

/**
 * Makes the home when it is missing, and checks that the build user gets to it: disks in it are read by tools that run
 * as that user.
 *
 * @throws KilnError `HomeUnusable`, `SandboxUnavailable`
 */
export async function usableHome(home: KilnHome): Promise<void> {
  const user = await buildUser();
  for (const directory of ancestors(home.root)) {
    const found = await makeDirectory(home, directory);
    if (!found.isDirectory()) throw homeError('HomeUnusable', { home: home.root, reason: `${directory} is a file` });
    if (!passes(found, user)) {
      const reason = `${directory} is closed to the user \`${user.name}\`, which VMs run as`;
      throw homeError('HomeUnusable', { home: home.root, reason });
    }
  }
}

/** One level at a time: Node's own recursive way goes round for ever where a file system refuses with "no such file". */
async function makeDirectory(home: KilnHome, directory: string): Promise<Stats> {
  try {
    const found = await stat(directory).catch(() => undefined);
    if (found !== undefined) return found;
    await mkdir(directory, { mode: 0o755 }).catch(cause => {
      // Another process may have made it meanwhile.
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    });
    return await stat(directory);
  } catch (cause) {
    throw homeError('HomeUnusable', { home: home.root, reason: (cause as Error).message }, { cause });
  }
}

function ancestors(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [...ancestors(above), path];
}

function passes(directory: Stats, user: BuildUser): boolean {
  if (directory.uid === user.uid) return (directory.mode & 0o100) !== 0;
  if (directory.gid === user.gid) return (directory.mode & 0o010) !== 0;
  return (directory.mode & 0o001) !== 0;
}
