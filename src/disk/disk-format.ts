/** Formats that Kiln reads and writes, as `qemu-img` names them. A format is always stated, never probed. */
export const DISK_FORMATS = ['qcow2', 'raw', 'vpc', 'vhdx'] as const;
export type DiskFormat = (typeof DISK_FORMATS)[number];

export const MiB = 1024 * 1024;

export interface Progress {
  /** Bytes, or per cent where `total` is 100. */
  readonly done: number;
  readonly total: number;
}
