import { describe, expect, test } from 'vitest';
import { parseVhdFooter, VHD_FOOTER_BYTES, vhdChecksum } from './vhd-footer.ts';

function footer(diskType: number, size: number): Buffer {
  const bytes = Buffer.alloc(VHD_FOOTER_BYTES);
  bytes.write('conectix', 0, 'latin1');
  bytes.writeBigInt64BE(-1n, 16);
  bytes.write('qem2', 28, 'latin1');
  bytes.writeBigUInt64BE(BigInt(size), 40);
  bytes.writeBigUInt64BE(BigInt(size), 48);
  bytes.writeUInt32BE(diskType, 60);
  bytes.writeUInt32BE(vhdChecksum(bytes), 64);
  return bytes;
}

describe('VHD footer', () => {
  test('is read', () => {
    expect(parseVhdFooter(footer(2, 30 * 2 ** 30))).toEqual({
      diskType: 'fixed',
      originalSizeBytes: 30 * 2 ** 30,
      currentSizeBytes: 30 * 2 ** 30,
      checksum: expect.any(Number),
      checksumValid: true,
      creator: 'qem2',
      dataOffset: -1n,
    });
    expect(parseVhdFooter(footer(4, 512))?.diskType).toBe('differencing');
  });

  test('a changed byte makes the checksum wrong', () => {
    const bytes = footer(2, 1024);
    bytes[200] = 1;
    expect(parseVhdFooter(bytes)?.checksumValid).toBe(false);
  });

  test('other bytes are no footer', () => {
    expect(parseVhdFooter(Buffer.alloc(VHD_FOOTER_BYTES))).toBeUndefined();
    expect(parseVhdFooter(footer(2, 1).subarray(1))).toBeUndefined();
  });
});
