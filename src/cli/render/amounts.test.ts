import { expect, test } from 'vitest';
import { duration, progressText, size } from './amounts.ts';

test.each([
  [0, '0.0s'],
  [4.24, '4.2s'],
  [59.9, '59.9s'],
  [59.96, '1m 00s'],
  [65, '1m 05s'],
  [7384, '2h 03m'],
])('%d seconds', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [120 * 1024 ** 2, '120 MiB'],
  [40 * 1024 ** 3, '40.0 GiB'],
])('%d bytes', (bytes, text) => {
  expect(size(bytes)).toBe(text);
});

test.each([
  [512, 1024, 'bytes', '512 B of 1.0 KiB'],
  [512, 0, 'bytes', '512 B'],
  [40, 100, 'percent', '40%'],
  [1, 4, 'percent', '25%'],
] as const)('%d of %d %s', (done, total, unit, text) => {
  expect(progressText(done, total, unit)).toBe(text);
});
