import { rm } from 'node:fs/promises';
import { diskError } from '../errors/disk.ts';
import { convertDisk } from './convert.ts';
import { MiB, type Progress } from './disk-format.ts';
import { diskInfo } from './disk-info.ts';
import { createOverlay } from './overlay.ts';
import { readVhdFooter, VHD_FOOTER_BYTES } from './vhd-footer.ts';

export interface VhdOptions {
  readonly signal?: AbortSignal;
  /** In per cent. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface VhdFile {
  readonly virtualSizeBytes: number;
  /** Virtual size and footer. */
  readonly sizeBytes: number;
}

/**
 * Writes a qcow2 and everything below it as a fixed VHD that Azure takes: virtual size rounded up to a whole MiB,
 * 512-byte footer at the end, sparse on this machine.
 *
 * `destination` must not exist; a temporary file `<destination>.grown` may be made beside it for the time of the call.
 *
 * @throws KilnError `VhdInvalid` when the result is not what it should be; those of `runTool`; the signal's reason.
 */
export async function convertToVhd(
  disk: string,
  bases: readonly string[],
  destination: string,
  options: VhdOptions = {},
): Promise<VhdFile> {
  const { signal } = options;
  const { virtualSizeBytes } = await diskInfo(disk, 'qcow2', signal === undefined ? {} : { signal });
  const rounded = Math.ceil(virtualSizeBytes / MiB) * MiB;
  const grown = `${destination}.grown`;
  try {
    // An empty overlay of the rounded size: the finished disk itself is not touched.
    if (rounded !== virtualSizeBytes) {
      await createOverlay(grown, disk, {
        sizeBytes: rounded,
        below: bases,
        ...(signal === undefined ? {} : { signal }),
      });
    }
    await convertDisk({
      source: rounded === virtualSizeBytes ? disk : grown,
      sourceFormat: 'qcow2',
      bases: rounded === virtualSizeBytes ? bases : [disk, ...bases],
      destination,
      destinationFormat: 'vpc',
      ...options,
    });
  } finally {
    await rm(grown, { force: true });
  }
  try {
    await verifyFixedVhd(destination, rounded);
  } catch (error) {
    await rm(destination, { force: true });
    throw error;
  }
  return { virtualSizeBytes: rounded, sizeBytes: rounded + VHD_FOOTER_BYTES };
}

/** @throws KilnError `VhdInvalid` unless the file is a fixed VHD of exactly that virtual size. */
export async function verifyFixedVhd(file: string, virtualSizeBytes: number): Promise<void> {
  const { footer, fileBytes } = await readVhdFooter(file);
  const invalid = (reason: string) => diskError('VhdInvalid', { file, reason });
  if (footer === undefined) throw invalid('it has no footer');
  if (footer.diskType !== 'fixed') throw invalid(`it is ${footer.diskType}, not fixed`);
  if (!footer.checksumValid) throw invalid('the checksum of its footer is wrong');
  if (footer.currentSizeBytes !== virtualSizeBytes) throw invalid(`its footer says ${footer.currentSizeBytes} bytes`);
  if (fileBytes !== virtualSizeBytes + VHD_FOOTER_BYTES) throw invalid(`the file has ${fileBytes} bytes`);
}
