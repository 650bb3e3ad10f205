import { runTool } from '../sandbox/tool.ts';
import { newToolFile } from './new-file.ts';

export interface OverlayOptions {
  /** Virtual size in bytes; the base's when absent. */
  readonly sizeBytes?: number;
  /** Files that `base` itself is layered on, the nearest first. */
  readonly below?: readonly string[];
  /** What the overlay is for: `os` when absent. */
  readonly kind?: keyof typeof CLUSTER_BYTES;
  readonly signal?: AbortSignal;
}

/**
 * Bytes per cluster of an overlay that a guest writes to. For the disk of the operating system it is the block size of its
 * file systems: a larger cluster would keep the bytes of a removed file, a key of ours for one, for as long as any neighbour
 * in the cluster is in use, whatever `fstrim` says. A qcow2 of such clusters ends at 8 TiB; data disks, on which nothing is
 * ours, may be larger.
 */
const CLUSTER_BYTES = { os: 4096, data: 65536 };

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
        ...['-o', `cluster_size=${CLUSTER_BYTES[options.kind ?? 'os']},lazy_refcounts=off`, path, ...size],
      ],
      {
        readable: [base, ...(options.below ?? [])],
        writable: [path],
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    ),
  );
}
