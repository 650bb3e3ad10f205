import { describe, expect, test } from 'vitest';
import { scrubber } from './scrub.ts';

describe('scrubber', () => {
  test.each([
    ['https://a.blob/x?sv=1&sig=Zm9v%2Bx%3D&se=9', 'https://a.blob/x?sv=1&sig=***&se=9'],
    ['GET /x?SIG=abc done', 'GET /x?SIG=*** done'],
    ['https://user:secret@host/x', 'https://***@host/x'],
    [
      's3 X-Amz-Signature: see https://b/?X-Amz-Signature=0af1',
      's3 X-Amz-Signature: see https://b/?X-Amz-Signature=***',
    ],
    ['https://host:8080/path', 'https://host:8080/path'],
    ['mail me@example.org', 'mail me@example.org'],
  ])('%s', (given, expected) => {
    expect(scrubber()(given)).toBe(expected);
  });

  test('the longer of two overlapping secrets is replaced first', () => {
    expect(scrubber(['token', 'token-and-more'])('a token-and-more b token')).toBe('a *** b ***');
  });

  test('a very short secret would blank ordinary text and is left', () => {
    expect(scrubber(['a'])('banana')).toBe('banana');
  });
});
