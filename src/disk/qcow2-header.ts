/** What makes a qcow2 depend on something outside of itself, read from its first bytes without any tool. */
export interface Qcow2Header {
  readonly version: number;
  readonly backingFile: boolean;
  readonly dataFile: boolean;
  readonly encrypted: boolean;
  readonly snapshots: number;
}

/** Bytes that `parseQcow2Header` needs. */
export const QCOW2_HEADER_BYTES = 104;

const MAGIC = 0x514649fb;
/** Bit 2 of the incompatible features: guest data is in another file. */
const EXTERNAL_DATA_FILE = 0x4n;

/**
 * Reads the fixed part of a qcow2 header. `undefined` when the bytes are not a qcow2 of version 2 or 3.
 *
 * `qemu-img` itself opens an external data file while it looks at an image. So this comes first.
 */
export function parseQcow2Header(bytes: Buffer): Qcow2Header | undefined {
  if (bytes.length < 72 || bytes.readUInt32BE(0) !== MAGIC) return undefined;
  const version = bytes.readUInt32BE(4);
  if (version !== 2 && version !== 3) return undefined;
  if (version === 3 && bytes.length < QCOW2_HEADER_BYTES) return undefined;
  const features = version === 3 ? bytes.readBigUInt64BE(72) : 0n;
  return {
    version,
    backingFile: bytes.readBigUInt64BE(8) !== 0n,
    dataFile: (features & EXTERNAL_DATA_FILE) !== 0n,
    encrypted: bytes.readUInt32BE(32) !== 0,
    snapshots: bytes.readUInt32BE(60),
  };
}
