import { describe, expect, test } from 'vitest';
import { baseName, checksumFor } from './checksum-file.ts';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);
const LONG = 'c'.repeat(128);
const SUMS = 'https://example.org/SHA256SUMS';

describe('checksumFor', () => {
  test.each([
    ['digest and name', `${A}  disk.qcow2\n${B}  other.qcow2\n`],
    ['binary mark', `${B} *other.qcow2\n${A} *disk.qcow2\n`],
    ['a path before the name', `${A}  ./images/disk.qcow2`],
    ['BSD', `SHA256 (other.qcow2) = ${B}\nSHA256 (disk.qcow2) = ${A}\n`],
    ['upper case', `${A.toUpperCase()}  disk.qcow2`],
    ['line ends of Windows', `${A}  disk.qcow2\r\n`],
    ['weak digests beside it', `${'d'.repeat(40)}  disk.qcow2\nMD5 (disk.qcow2) = ${'e'.repeat(32)}\n${A}  disk.qcow2`],
    [
      'a clear-signed message with comments',
      `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n# disk.qcow2: 1024 bytes\nSHA256 (disk.qcow2) = ${A}\n-----BEGIN PGP SIGNATURE-----\n\niQIz\n-----END PGP SIGNATURE-----\n`,
    ],
    ['one digest and nothing else', `${A}\n`],
  ])('%s', (_what, text) => {
    expect(checksumFor(text, 'disk.qcow2', SUMS)).toEqual({ algorithm: 'sha256', digest: A });
  });

  test('the strongest digest of the file is taken', () => {
    const text = `SHA256 (disk.qcow2) = ${A}\nSHA512 (disk.qcow2) = ${LONG}`;
    expect(checksumFor(text, 'disk.qcow2', SUMS)).toEqual({ algorithm: 'sha512', digest: LONG });
  });

  test('the only entry of a file that is named after the disk counts whatever its name is', () => {
    const text = `${A}  disk-1.2.3-Build4.qcow2`;
    expect(checksumFor(text, 'disk.qcow2', 'https://example.org/disk.qcow2.sha256').digest).toBe(A);
    expect(() => checksumFor(text, 'disk.qcow2', SUMS)).toThrowError(/no usable entry for `disk.qcow2`/);
    expect(() => checksumFor(`${text}\n${B}  x`, 'disk.qcow2', 'https://e.org/disk.qcow2.sha256')).toThrowError(
      /no usable entry/,
    );
  });

  test('two digests for one name are refused', () => {
    expect(() => checksumFor(`${A}  disk.qcow2\n${B}  disk.qcow2`, 'disk.qcow2', SUMS)).toThrowError(/contradict/);
  });

  test('a digest whose length is not that of its algorithm does not count', () => {
    expect(() => checksumFor(`SHA512 (disk.qcow2) = ${A}`, 'disk.qcow2', SUMS)).toThrowError(/no usable entry/);
  });

  test('a name that only ends alike is another file', () => {
    expect(() => checksumFor(`${A}  old-disk.qcow2\n${B}  x`, 'disk.qcow2', SUMS)).toThrowError(/no usable entry/);
  });
});

test('baseName', () => {
  expect(baseName('https://example.org/a/b%20c.vhd?sig=x')).toBe('b c.vhd');
  expect(baseName('./images/disk.qcow2')).toBe('disk.qcow2');
});
