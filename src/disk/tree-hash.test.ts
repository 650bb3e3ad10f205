import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_BYTES, isDigest, isZero, treeHash } from './tree-hash.ts';

function digest(bytes: Buffer): string {
  const hash = treeHash();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) hash.chunk(bytes.subarray(at, at + CHUNK_BYTES));
  return hash.digest(bytes.length);
}

describe('disk digest', () => {
  test('is the same for a zero chunk that was read and one that was skipped', () => {
    const read = treeHash();
    read.chunk(Buffer.alloc(CHUNK_BYTES));
    read.chunk(Buffer.from('end'));
    const skipped = treeHash();
    skipped.zeroChunk();
    skipped.chunk(Buffer.from('end'));
    expect(read.digest(CHUNK_BYTES + 3)).toBe(skipped.digest(CHUNK_BYTES + 3));
  });

  test('never changes: these values are in the stores of users', () => {
    expect(digest(Buffer.alloc(0))).toBe('kdt1:a536aa3cede6ea3c1f3e0357c3c60e0f216a8c89b853df13b29daa8f85065dfb');
    expect(digest(Buffer.from('kiln'))).toBe('kdt1:98591837ffd0c217c0735278d41faca64a08d0cad0b61d43f723556aeb607137');
    expect(digest(Buffer.concat([Buffer.alloc(CHUNK_BYTES), Buffer.from('kiln')]))).toBe(
      'kdt1:69e967a61838274bd53836497f8af54bc241d82770b9698cb9aa18f8c51539f7',
    );
  });

  test('differs when any one byte differs', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 4096 });
    fc.assert(
      fc.property(
        bytes,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        fc.nat({ max: 2 }),
        (tail, at, mask, zeroChunks) => {
          const original = Buffer.concat([Buffer.alloc(zeroChunks * CHUNK_BYTES), tail]);
          const flipped = Buffer.from(original);
          const position = at % flipped.length;
          flipped[position] = (flipped[position] ?? 0) ^ mask;
          expect(digest(flipped)).not.toBe(digest(original));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('differs by length alone', () => {
    expect(digest(Buffer.alloc(CHUNK_BYTES))).not.toBe(digest(Buffer.alloc(CHUNK_BYTES - 1)));
    expect(digest(Buffer.alloc(1))).not.toBe(digest(Buffer.alloc(0)));
  });

  test('zero chunks of any length are seen', () => {
    expect(isZero(Buffer.alloc(0))).toBe(true);
    expect(isZero(Buffer.alloc(5))).toBe(true);
    expect(isZero(Buffer.from([0, 0, 1]))).toBe(false);
  });

  test('a digest is told from other text', () => {
    expect(isDigest(digest(Buffer.from('x')))).toBe(true);
    expect(isDigest('sha256:00')).toBe(false);
  });
});
