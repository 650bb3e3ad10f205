import { open } from 'node:fs/promises';
import { z } from 'zod';
import { diskError } from '../errors/disk.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { runTool } from '../sandbox/tool.ts';
import type { DiskFormat } from './disk-format.ts';
import { parseQcow2Header, QCOW2_HEADER_BYTES, type Qcow2Header } from './qcow2-header.ts';
import { parseVhdFooter, VHD_FOOTER_BYTES } from './vhd-footer.ts';

export interface DiskInfo {
  readonly format: DiskFormat;
  readonly virtualSizeBytes: number;
  /** Bytes that the file takes on its drive. */
  readonly allocatedBytes: number;
  /** As the file names it, when it has one. */
  readonly backingFile: string | undefined;
}

export interface DiskInfoOptions {
  /** For a disk that somebody brought: refuse whatever points outside of the file or hides data in it. */
  readonly strict?: boolean;
  /** What the reader of a refusal knows the disk by, when that is not its path. */
  readonly shownAs?: string;
  readonly signal?: AbortSignal;
}

const infoSchema = z.object({
  format: z.string(),
  'virtual-size': z.number(),
  'actual-size': z.number(),
  'backing-filename': z.string().optional(),
  encrypted: z.boolean().optional(),
  snapshots: z.array(z.unknown()).optional(),
  'format-specific': z.object({ data: z.record(z.string(), z.unknown()).optional() }).optional(),
});

/**
 * Size and dependencies of a disk of the stated format. Backing files are not opened.
 *
 * @throws KilnError `DiskRefused` when it is not of that format or, with `strict`, does not stand alone.
 */
export async function diskInfo(path: string, format: DiskFormat, options: DiskInfoOptions = {}): Promise<DiskInfo> {
  const { strict = false, shownAs = path } = options;
  if (format === 'qcow2') refuseQcow2(shownAs, await qcow2Header(path), strict);
  if (format === 'vpc' && strict) await refuseVhd(path, shownAs);
  const info = infoSchema.parse(JSON.parse(await infoJson(path, format, { ...options, shownAs })));
  const specific = info['format-specific']?.data ?? {};
  if (strict) {
    refuseIf(shownAs, info['backing-filename'] !== undefined, 'it has a backing file');
    refuseIf(shownAs, specific['data-file'] !== undefined, 'it keeps its data in another file');
    refuseIf(shownAs, info.encrypted === true, 'it is encrypted');
    refuseIf(shownAs, (info.snapshots ?? []).length > 0, 'it has internal snapshots');
  }
  return {
    format,
    virtualSizeBytes: info['virtual-size'],
    allocatedBytes: info['actual-size'],
    backingFile: info['backing-filename'],
  };
}

async function infoJson(
  path: string,
  format: DiskFormat,
  { shownAs, signal }: DiskInfoOptions & { readonly shownAs: string },
): Promise<string> {
  try {
    // -U: a VM may hold the lock of its disk; looking at the header does no harm.
    const { stdout } = await runTool('qemu-img', ['info', '-U', '-f', format, '--output=json', path], {
      readable: [path],
      ...(signal === undefined ? {} : { signal }),
    });
    return stdout;
  } catch (cause) {
    if (!(cause instanceof KilnError) || cause.code !== 'ToolFailed') throw cause;
    const last = (cause.output.at(-1) ?? cause.message).replaceAll(path, shownAs);
    const reason = `qemu-img cannot read it as ${format} (${last})`;
    throw diskError('DiskRefused', { file: shownAs, reason }, { cause });
  }
}

async function qcow2Header(path: string): Promise<Qcow2Header | undefined> {
  return parseQcow2Header(await readAt(path, QCOW2_HEADER_BYTES, 'start'));
}

function refuseQcow2(file: string, header: Qcow2Header | undefined, strict: boolean): void {
  if (header === undefined) throw diskError('DiskRefused', { file, reason: 'it is not a qcow2' });
  // Kiln never makes one: a data file would be opened wherever the disk is opened.
  refuseIf(file, header.dataFile, 'it keeps its data in another file');
  if (!strict) return;
  refuseIf(file, header.backingFile, 'it has a backing file');
  refuseIf(file, header.encrypted, 'it is encrypted');
  refuseIf(file, header.snapshots > 0, 'it has internal snapshots');
}

async function refuseVhd(path: string, file: string): Promise<void> {
  const footer = parseVhdFooter(await readAt(path, VHD_FOOTER_BYTES, 'end'));
  refuseIf(file, footer === undefined, 'it is not a VHD');
  refuseIf(file, footer?.diskType === 'differencing', 'it is a differencing VHD');
}

function refuseIf(file: string, bad: boolean, reason: string): void {
  if (bad) throw diskError('DiskRefused', { file, reason });
}

async function readAt(path: string, bytes: number, where: 'start' | 'end'): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, where === 'start' ? 0 : Math.max(0, size - bytes));
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
