import { describe, expect, test } from 'vitest';
import { parseQcow2Header, QCOW2_HEADER_BYTES } from './qcow2-header.ts';

function header(change: (bytes: Buffer) => void = () => undefined): Buffer {
  const bytes = Buffer.alloc(QCOW2_HEADER_BYTES);
  bytes.write('QFI\xfb', 0, 'latin1');
  bytes.writeUInt32BE(3, 4);
  change(bytes);
  return bytes;
}

describe('qcow2 header', () => {
  test('a disk that stands alone', () => {
    expect(parseQcow2Header(header())).toEqual({
      version: 3,
      backingFile: false,
      dataFile: false,
      encrypted: false,
      snapshots: 0,
    });
  });

  test('each thing that a disk may depend on', () => {
    expect(parseQcow2Header(header(bytes => bytes.writeBigUInt64BE(512n, 8)))?.backingFile).toBe(true);
    expect(parseQcow2Header(header(bytes => bytes.writeBigUInt64BE(5n, 72)))?.dataFile).toBe(true);
    expect(parseQcow2Header(header(bytes => bytes.writeUInt32BE(2, 32)))?.encrypted).toBe(true);
    expect(parseQcow2Header(header(bytes => bytes.writeUInt32BE(3, 60)))?.snapshots).toBe(3);
  });

  test('other bytes are no header', () => {
    expect(parseQcow2Header(Buffer.alloc(QCOW2_HEADER_BYTES))).toBeUndefined();
    expect(parseQcow2Header(header().subarray(0, 40))).toBeUndefined();
    expect(parseQcow2Header(header(bytes => bytes.writeUInt32BE(9, 4)))).toBeUndefined();
  });
});
