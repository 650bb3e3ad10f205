import { runTool } from '../sandbox/tool.ts';
import type { DiskFormat, Progress } from './disk-format.ts';
import { newToolFile } from './new-file.ts';

export interface ConvertRequest {
  /** Absolute path of the disk to read. */
  readonly source: string;
  readonly sourceFormat: DiskFormat;
  /** Files that `source` is layered on, the nearest first. */
  readonly bases?: readonly string[];
  /** Absolute path; must not exist. Belongs to the build user afterwards. */
  readonly destination: string;
  readonly destinationFormat: 'qcow2' | 'raw' | 'vpc';
  /** zstd, for what is kept long and read seldom. Four times slower to write. qcow2 only. */
  readonly compress?: boolean;
  readonly signal?: AbortSignal;
  /** In per cent. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface FlattenOptions {
  readonly format: 'qcow2' | 'raw';
  readonly compress?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/**
 * Writes the content of a qcow2 and everything below it into one file that stands alone, sparse.
 *
 * @throws KilnError of `runTool`; the signal's reason when aborted. Leaves no file behind then.
 */
export function flatten(
  disk: string,
  bases: readonly string[],
  destination: string,
  options: FlattenOptions,
): Promise<void> {
  const { format, ...rest } = options;
  return convertDisk({
    source: disk,
    sourceFormat: 'qcow2',
    bases,
    destination,
    destinationFormat: format,
    ...rest,
  });
}

/**
 * Converts a disk between formats. The formats are stated, and holes stay holes.
 *
 * @throws KilnError of `runTool`; the signal's reason when aborted. Leaves no file behind then.
 */
export async function convertDisk(request: ConvertRequest): Promise<void> {
  const { source, destination, onProgress, signal } = request;
  const layers = [source, ...(request.bases ?? [])];
  await newToolFile(destination, () =>
    runTool(
      'qemu-img',
      [
        ...['convert', '-p', '-f', request.sourceFormat, '-O', request.destinationFormat],
        // Many requests at once, written in the order in which they finish: half the time on two cores.
        ...['-m', '16', '-W'],
        ...formatArguments(request),
        ...[source, destination],
      ],
      {
        readable: layers,
        writable: [destination],
        ...(signal === undefined ? {} : { signal }),
        ...(onProgress === undefined ? {} : { onOutput: percentReader(onProgress) }),
      },
    ),
  );
}

function formatArguments(request: ConvertRequest): readonly string[] {
  switch (request.destinationFormat) {
    case 'raw':
      return [];
    case 'vpc':
      // force_size: the exact size, where the format's own geometry would round it.
      return ['-o', 'subformat=fixed,force_size'];
    case 'qcow2':
      return request.compress === true ? ['-c', '-o', 'compression_type=zstd'] : [];
  }
}

/** `qemu-img -p` redraws `(12.34/100%)` on one line. */
function percentReader(onProgress: (progress: Progress) => void): (text: string) => void {
  let last = -1;
  return text => {
    const found = [...text.matchAll(/\((\d+)(?:\.\d+)?\/100%\)/g)].at(-1)?.[1];
    const done = found === undefined ? last : Number(found);
    if (done === last) return;
    last = done;
    onProgress({ done, total: 100 });
  };
}
