import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { artifactError } from '../errors/artifacts.ts';
import { type Digests, digestInto, newDigests } from './digests.ts';
import type { PartialDownload } from './partial.ts';

/** Appends to a partial file and knows its digests without reading it again. */
export interface PartialWriter extends AsyncDisposable {
  /** Bytes that are there. */
  readonly size: number;
  readonly digests: Digests;
  append(bytes: Uint8Array): Promise<void>;
  /** Throws away what is there. */
  restart(): Promise<void>;
  /** Refuses a body that the disk has no space for, before it is sent. */
  expectMore(bytes: number): Promise<void>;
  /** Returns when everything is on the disk. */
  flush(): Promise<void>;
}

/**
 * @param uri - where the bytes are from, as messages show it.
 * @throws KilnError `DownloadDiskFull`, `DownloadFailed` when the disk can't be written.
 */
export async function partialWriter(
  partial: PartialDownload,
  uri: string,
  signal: AbortSignal,
): Promise<PartialWriter> {
  const file = await guarded(partial, uri, () => open(partial.body, 'a', 0o600));
  let digests = newDigests();
  let size = await digestInto(digests, partial.body, signal).catch(async (cause: unknown) => {
    await file.close();
    throw cause;
  });
  return {
    get size() {
      return size;
    },
    get digests() {
      return digests;
    },
    append: async bytes => {
      await guarded(partial, uri, () => writeAll(file, bytes));
      digests.update(bytes);
      size += bytes.length;
    },
    restart: async () => {
      await guarded(partial, uri, () => file.truncate(0));
      digests = newDigests();
      size = 0;
    },
    expectMore: bytes => checkSpace(partial, uri, bytes),
    flush: () => guarded(partial, uri, () => file.sync()),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await file.write(bytes, done)).bytesWritten;
}

async function checkSpace(partial: PartialDownload, uri: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(partial.body));
  if (bytes > bavail * bsize) throw full(partial, uri, `${bytes} bytes are to come, ${bavail * bsize} are free`);
}

async function guarded<T>(partial: PartialDownload, uri: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw full(partial, uri, 'the disk is full');
    throw artifactError(
      'DownloadFailed',
      { uri, reason: message, attempts: 1, hint: 'Check the disk that KILN_HOME is on.' },
      { cause },
    );
  }
}

function full(partial: PartialDownload, uri: string, space: string) {
  return artifactError('DownloadDiskFull', { directory: dirname(dirname(partial.body)), uri, space });
}
