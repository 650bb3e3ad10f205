import { runTool } from '../sandbox/tool.ts';
import { newToolFile } from './new-file.ts';

/**
 * Makes an empty qcow2 at `path` (absolute, must not exist), writable by the build user. It takes no room until it is
 * written to, and unlike a sparse file may be larger than the file system around it allows a file to be.
 *
 * @throws KilnError of `runTool`. Leaves no file behind then.
 */
export async function createEmptyDisk(path: string, sizeBytes: number, signal?: AbortSignal): Promise<void> {
  await newToolFile(path, () =>
    runTool('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=off', path, String(sizeBytes)], {
      writable: [path],
      ...(signal === undefined ? {} : { signal }),
    }),
  );
}
