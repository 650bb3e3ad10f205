import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { sourceError } from '../errors/sources.ts';
import { giveToBuildUser } from '../sandbox/build-user.ts';

export interface UsableFileOptions {
  /** A directory of the build user. */
  readonly directory: string;
  readonly signal: AbortSignal;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
}

/**
 * Path of a regular file that the disk tools can read: the file itself, or a copy in `directory` where the tools run as
 * another user, who may not get as far as the file.
 *
 * @throws KilnError `SourceFileUnusable`; the signal's reason when aborted.
 */
export async function usableFile(file: string, options: UsableFileOptions): Promise<string> {
  const { directory, signal, sha256 } = options;
  const fail = (reason: string, cause?: unknown) =>
    sourceError('SourceFileUnusable', { file, reason }, cause === undefined ? {} : { cause });
  try {
    const real = await realpath(file);
    // A device or a pipe would be read, too, and never end.
    if (!(await stat(real)).isFile()) throw fail('it is not a regular file');
    const path = process.getuid?.() === 0 ? await copied(real, join(directory, 'brought'), signal) : real;
    if (sha256 !== undefined) {
      const found = await sha256Of(path, signal);
      if (found !== sha256) throw fail(`its SHA-256 checksum is ${found}, not ${sha256}`);
    }
    return path;
  } catch (cause) {
    signal.throwIfAborted();
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw fail('it does not exist', cause);
    if (code === 'EACCES' || code === 'EPERM') throw fail(message, cause);
    throw cause;
  }
}

async function copied(file: string, copy: string, signal: AbortSignal): Promise<string> {
  await execa('cp', ['--sparse=auto', '--reflink=auto', '--', file, copy], { cancelSignal: signal });
  await giveToBuildUser(copy);
  return copy;
}

async function sha256Of(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { signal, highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}
