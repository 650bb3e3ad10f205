import { expect, test } from 'vitest';
import { byteRange } from './byte-range.ts';

test.each([
  ['bytes=2-4', { from: 2, to: 4 }],
  [' Bytes=2- ', { from: 2, to: 9 }],
  ['bytes=-3', { from: 7, to: 9 }],
  ['bytes=-30', { from: 0, to: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=4-2', undefined],
  ['bytes=1-2,4-5', undefined],
  ['bytes=-', undefined],
  [undefined, undefined],
])('%s of ten bytes', (header, range) => {
  expect(byteRange(header, 10)).toEqual(range);
});

test.each([
  ['blanks', `bytes=${' '.repeat(200_000)}x`],
  ['digits', `bytes=${'1'.repeat(200_000)}x`],
])('a header of %s without end is answered', (_what, header) => {
  expect(byteRange(header, 10)).toBeUndefined();
});
