import { assert, property, string } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { jsonLine, printable, printableLines } from './printable.ts';

describe('printable', () => {
  test.each([
    ['plain text', 'plain text'],
    ['\x1b[31mred\x1b[0m', 'red'],
    ['\x1b[2J\x1b[1;1Hcleared', 'cleared'],
    ['\x1b]0;new title\x07after', 'after'],
    ['\x1b]8;;http://h/\x1b\\link\x1b]8;;\x1b\\', 'link'],
    ['\x1b]52;c;cm0gLXJm', ''],
    ['\x1bP1$r0m\x1b\\dcs', 'dcs'],
    ['\x9b31mC1 sequence', 'C1 sequence'],
    ['10%\r50%\r100%', '100%'],
    ['windows line\r\n', 'windows line'],
    ['bell\x07 back\x08space \x00nul \x7fdel', 'bell backspace nul del'],
    ['a\tb', 'a    b'],
    ['two\nlines', 'two lines'],
    ['abc\u202etxt.exe', 'abctxt.exe'],
    ['größer → 日本', 'größer → 日本'],
  ])('%j', (given, expected) => {
    expect(printable(given)).toBe(expected);
  });

  test('no input leaves a control character', async () => {
    await assert(property(string({ unit: 'binary' }), text => !/[\x00-\x1f\x7f-\x9f]/.test(printable(text))));
  });

  test('lines are treated one by one', () => {
    expect(printableLines('one\r\ntwo\x1b[K\nthree')).toEqual(['one', 'two', 'three']);
  });
});

test('a JSON line holds no raw control character and reads back as it was', async () => {
  await assert(
    property(string({ unit: 'binary' }), text => {
      const line = jsonLine({ text });
      return !/[\x00-\x1f\x7f-\x9f]/.test(line) && (JSON.parse(line) as { text: string }).text === text;
    }),
  );
});

test('a hostile line is read in time that grows with its length', () => {
  for (const part of ['\n', '\r', '\x9d', '\x1b]', '\x1b[', '\x1b']) {
    const line = `${part.repeat(200_000)}x\x1bx`;
    expect(printable(line).length).toBeLessThan(line.length);
  }
});
