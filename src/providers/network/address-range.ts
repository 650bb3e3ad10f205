import { isIP } from 'node:net';

/** A range of addresses. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** The range of `10.0.0.0/24`; `undefined` for what is not written like that, or has bits after its length. */
export function addressRange(text: string): AddressRange | undefined {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = isIP(address);
  if (family !== 4 && family !== 6) return undefined;
  const bits = family === 4 ? 32 : 128;
  const length = Number(digits);
  if (length > bits) return undefined;
  const first = family === 4 ? number4(address) : number6(address);
  const size = 1n << BigInt(bits - length);
  return first % size === 0n ? { family, first, last: first + size - 1n } : undefined;
}

export function isWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.family === outer.family && inner.first >= outer.first && inner.last <= outer.last;
}

/**
 * Ranges in the order of their families and addresses, without those that lie in another one. Two ranges share an address only if
 * one lies in the other, so what is left of them share none.
 */
export function outermost(ranges: readonly AddressRange[]): readonly AddressRange[] {
  const left: AddressRange[] = [];
  for (const range of [...ranges].sort(inOrder)) {
    const before = left.at(-1);
    if (before === undefined || !isWithin(range, before)) left.push(range);
  }
  return left;
}

/** Whether a range lies in one of these, which are as `outermost` has them. */
export function isWithinOne(range: AddressRange, outer: readonly AddressRange[]): boolean {
  let [low, high] = [0, outer.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = outer[middle];
    if (one !== undefined && startsBefore(range, one)) high = middle;
    else low = middle + 1;
  }
  const before = outer[low - 1];
  return before !== undefined && isWithin(range, before);
}

/** The order of ranges: of two that begin together the larger is first. */
export function inOrder(a: AddressRange, b: AddressRange): number {
  if (startsBefore(a, b)) return -1;
  if (startsBefore(b, a)) return 1;
  return a.last === b.last ? 0 : a.last > b.last ? -1 : 1;
}

function startsBefore(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family ? a.first < b.first : a.family < b.family;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

function number4(address: string): bigint {
  return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);
}

function number6(address: string): bigint {
  // An address of the older kind at the end is two groups.
  const [, tail] = /:(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  const four = tail === undefined ? undefined : number4(tail);
  const text =
    tail === undefined || four === undefined
      ? address
      : `${address.slice(0, -tail.length)}${(four >> 16n).toString(16)}:${(four & 0xffffn).toString(16)}`;
  const [before = '', after] = text.split('::');
  const groups = (part: string) => part.split(':').filter(group => group !== '');
  const [left, right] = [groups(before), groups(after ?? '')];
  const zeros = after === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}
