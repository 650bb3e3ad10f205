import { runTool } from '../sandbox/tool.ts';
import { newToolFile } from './new-file.ts';

export interface OverlayOptions {
  /** Virtual size in bytes; the base's when absent. */
  readonly sizeBytes?: number;
  /** Files that `base` itself is layered on, the nearest first. */
  readonly below?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Bytes per cluster of an overlay that a guest writes to: the block size of its file systems. A larger cluster would keep
 * the bytes of a removed file for as long as any neighbour in the cluster is in use, whatever `fstrim` says.
 */
const CLUSTER_BYTES = 4096;

/**
 * Makes a qcow2 at `path` (absolute, must not exist) on top of the qcow2 `base`, writable by the build user.
 *
 * @throws KilnError of `runTool`. Leaves no file behind then.
 */
export async function createOverlay(path: string, base: string, options: OverlayOptions = {}): Promise<void> {
  const size = options.sizeBytes === undefined ? [] : [String(options.sizeBytes)];
  await newToolFile(path, () =>
    runTool(
      'qemu-img',
      [
        ...['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base],
        ...['-o', `cluster_size=${CLUSTER_BYTES},lazy_refcounts=off`, path, ...size],
      ],
      {
        readable: [base, ...(options.below ?? [])],
        writable: [path],
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    ),
  );
}
