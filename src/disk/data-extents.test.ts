import { expect, test } from 'vitest';
import { parseMap } from './data-extents.ts';

test('data ranges of a map end with the file and leave out holes', () => {
  const range = (start: number, length: number, data: boolean) => ({ start, length, data, zero: !data, depth: 0 });
  const map = JSON.stringify([range(0, 4096, true), range(4096, 8192, false), range(12288, 512, true)]);
  expect(parseMap(map, 12300)).toEqual([
    { start: 0, end: 4096 },
    { start: 12288, end: 12300 },
  ]);
  expect(parseMap(map, 12288)).toEqual([{ start: 0, end: 4096 }]);
});
