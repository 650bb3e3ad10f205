import { chmod, open, rename, rm } from 'node:fs/promises';
import { ownerName } from './process-lock.ts';

/**
 * Writes a file that is whole or not there, durable before it has its name. Whatever was there before is replaced, with its mode.
 *
 * @param mode 0o600 for what nobody else may read
 */
export async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.${ownerName()}`;
  await rm(temporary, { force: true });
  const file = await open(temporary, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  // The umask took bits from the mode above.
  await chmod(temporary, mode);
  await rename(temporary, path);
}
