import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Puts a finished file where it belongs: whole or not at all, also when that is on another file system. */
export async function publish(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await rename(from, to);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EXDEV') throw cause;
    await publishAcross(from, to);
  }
  await syncPath(dirname(to));
}

async function publishAcross(from: string, to: string): Promise<void> {
  const near = `${to}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await copyFile(from, near, constants.COPYFILE_EXCL);
    await syncPath(near);
    await rename(near, to);
  } finally {
    await rm(near, { force: true });
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
