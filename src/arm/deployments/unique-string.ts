/** The letters of base 32 in lower case (RFC 4648). */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Azure's `uniqueString`: thirteen letters and digits that depend on nothing but the texts. They are joined by hyphens and hashed
 * as UTF-8 to 64 bits by a relative of MurmurHash3 (x86, two lanes of 32 bits), and written in base 32, the high bits first.
 */
export function uniqueString(texts: readonly string[]): string {
  const hash = hash64(Buffer.from(texts.join('-'), 'utf8'));
  let letters = '';
  // The last letter has the four bits that are left, in its high places.
  for (let shift = 59n; shift > -5n; shift -= 5n) {
    const bits = shift >= 0n ? hash >> shift : hash << -shift;
    letters += LETTERS.charAt(Number(bits & 31n));
  }
  return letters;
}

const A = 0xab0e9789;
const B = 0x239b961b;

function hash64(bytes: Buffer): bigint {
  let low = 0;
  let high = 0;
  const whole = bytes.length - (bytes.length % 8);
  for (let i = 0; i < whole; i += 8) {
    low = rotate(low ^ firstLane(bytes.readUInt32LE(i)), 19) + high;
    low = Math.imul(low, 5) + 0x561ccd1b;
    high = rotate(high ^ secondLane(bytes.readUInt32LE(i + 4)), 13) + low;
    high = Math.imul(high, 5) + 0x0bcaa747;
  }
  const rest = Buffer.alloc(8);
  bytes.copy(rest, 0, whole);
  low ^= firstLane(rest.readUInt32LE(0));
  high ^= secondLane(rest.readUInt32LE(4));

  high ^= bytes.length;
  low = ((low ^ bytes.length) + high) | 0;
  high = (high + low) | 0;
  low = finish(low);
  high = finish(high);
  low = (low + high) | 0;
  high = (high + low) | 0;
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function firstLane(word: number): number {
  return Math.imul(rotate(Math.imul(word, B), 15), A);
}

function secondLane(word: number): number {
  return Math.imul(rotate(Math.imul(word, A), 17), B);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
