import { open, rm } from 'node:fs/promises';
import { giveToBuildUser } from '../sandbox/build-user.ts';

/**
 * Makes an empty file that the disk tools may write, hands it to `fill`, and removes it when that fails. Only the
 * file is shown to the tool, not the directory around it.
 */
export async function newToolFile<T>(path: string, fill: () => Promise<T>): Promise<T> {
  // `wx`: an overlay or image that is already there is somebody's.
  const file = await open(path, 'wx', 0o644);
  await file.close();
  try {
    await giveToBuildUser(path);
    return await fill();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
