import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

function split(chunks: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(line => lines.push(line));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

test('lines are the same however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 40 })),
      fc.integer({ min: 1, max: 7 }),
      (words, size) => {
        const bytes = Buffer.from(words.join('\n'));
        const cuts = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        expect(split(cuts)).toEqual(split([bytes]));
      },
    ),
  );
});

test('an unfinished last line is handed on, an empty end is not', () => {
  expect(split([Buffer.from('a\r\nb')])).toEqual(['a', 'b']);
  expect(split([Buffer.from('a\n\nb\n')])).toEqual(['a', '', 'b']);
});

test('a line without an end is cut', () => {
  const lines = split([Buffer.alloc(20_000, 'x')]);
  expect(lines.map(line => line.length)).toEqual([8192, 8192, 3616]);
});
