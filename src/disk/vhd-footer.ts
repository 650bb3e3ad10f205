import { open } from 'node:fs/promises';

/** The last 512 bytes of a VHD file. Sizes are in bytes. */
export interface VhdFooter {
  readonly diskType: 'fixed' | 'dynamic' | 'differencing' | 'other';
  readonly originalSizeBytes: number;
  readonly currentSizeBytes: number;
  /** As stored. */
  readonly checksum: number;
  readonly checksumValid: boolean;
  /** Four characters that name the program that wrote it. */
  readonly creator: string;
  /** Absent data is -1: a fixed disk has no header of its own. */
  readonly dataOffset: bigint;
}

export const VHD_FOOTER_BYTES = 512;
const CHECKSUM_OFFSET = 64;
const DISK_TYPES: Readonly<Record<number, VhdFooter['diskType']>> = { 2: 'fixed', 3: 'dynamic', 4: 'differencing' };

/** Reads a VHD footer; `undefined` when the bytes are none. */
export function parseVhdFooter(bytes: Buffer): VhdFooter | undefined {
  if (bytes.length !== VHD_FOOTER_BYTES || bytes.toString('latin1', 0, 8) !== 'conectix') return undefined;
  const checksum = bytes.readUInt32BE(CHECKSUM_OFFSET);
  return {
    diskType: DISK_TYPES[bytes.readUInt32BE(60)] ?? 'other',
    originalSizeBytes: Number(bytes.readBigUInt64BE(40)),
    currentSizeBytes: Number(bytes.readBigUInt64BE(48)),
    checksum,
    checksumValid: checksum === vhdChecksum(bytes),
    creator: bytes.toString('latin1', 28, 32),
    dataOffset: bytes.readBigInt64BE(16),
  };
}

/** One's complement of the sum of all footer bytes but those of the checksum itself. */
export function vhdChecksum(bytes: Buffer): number {
  let sum = 0;
  for (const [index, byte] of bytes.entries()) {
    if (index < CHECKSUM_OFFSET || index >= CHECKSUM_OFFSET + 4) sum += byte;
  }
  return ~sum >>> 0;
}

/** The footer of a VHD file and the size of the file, in bytes. */
export async function readVhdFooter(path: string): Promise<{ footer: VhdFooter | undefined; fileBytes: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(VHD_FOOTER_BYTES);
    const { bytesRead } = await file.read(buffer, 0, VHD_FOOTER_BYTES, Math.max(0, size - VHD_FOOTER_BYTES));
    return { footer: parseVhdFooter(buffer.subarray(0, bytesRead)), fileBytes: size };
  } finally {
    await file.close();
  }
}
