import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath } from 'node:fs/promises';
import { isAbsolute, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { artifactError } from '../errors/artifacts.ts';

/** Directories whose files a template may name. References are relative to the first. */
export interface AllowedFiles {
  readonly directories: readonly string[];
}

/** The path that a `file:` URI or a relative reference means. @throws KilnError `FileUriDenied` */
export function localPath(uri: string, allowed: AllowedFiles | undefined): string {
  const [base] = allowed?.directories ?? [];
  if (base === undefined) throw denied(uri, 'files on this machine are not open to this template');
  if (uri.includes('\0')) throw denied(uri, 'it is not a path');
  if (!/^file:/i.test(uri)) return isAbsolute(uri) ? uri : resolve(base, uri);
  try {
    return fileURLToPath(uri);
  } catch (cause) {
    throw denied(uri, (cause as Error).message);
  }
}

/**
 * Opens a regular file below one of the directories. What was opened is what is judged: a link that is exchanged
 * meanwhile leads nowhere.
 *
 * @throws KilnError `FileUriDenied`, `ArtifactNotFound`
 */
export async function openBelow(uri: string, path: string, directories: readonly string[]): Promise<FileHandle> {
  const real = await realpath(path).catch((cause: unknown) => {
    throw unreadable(uri, cause);
  });
  await checkBelow(uri, real, directories);
  // Opening a device can do things: it has to be known before.
  if (!(await lstat(real)).isFile()) throw denied(uri, 'it is not a regular file');
  const file = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW).catch(
    (cause: unknown) => {
      throw unreadable(uri, cause);
    },
  );
  try {
    if (!(await file.stat()).isFile()) throw denied(uri, 'it is not a regular file');
    await checkBelow(uri, await readlink(`/proc/self/fd/${file.fd}`), directories);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function checkBelow(uri: string, real: string, directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    const root = await realpath(directory).catch(() => undefined);
    if (root !== undefined && real.startsWith(root.endsWith(sep) ? root : `${root}${sep}`)) return;
  }
  throw denied(uri, `${real} is not below ${directories.join(' or ')}`);
}

function unreadable(uri: string, cause: unknown) {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return artifactError('ArtifactNotFound', { uri, reason: 'no such file' });
  return denied(uri, message);
}

function denied(uri: string, reason: string) {
  return artifactError('FileUriDenied', { uri, reason });
}
