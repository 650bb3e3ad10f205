import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CutLines, scrubLines } from './cut-lines.ts';
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

  test.each([
    [['token', 'token-and-more'], 'a token-and-more b token', 'a *** b ***'],
    [['abcdef', 'defghi'], 'x abcdefghi y', 'x *** y'],
    [['abcabd'], 'abcabcabd', 'abc***'],
    [['token'], 'tokentoken', '******'],
    [['a'], 'banana', 'banana'],
    [['"q\\t\n'], 'as JSON \\"q\\\\t\\n.', 'as JSON ***.'],
  ])('finds %j, also where they overlap', (secrets, given, expected) => {
    expect(scrubber(secrets)(given)).toBe(expected);
  });

  const SECRET = 'p@ss/w+rd "ü"';
  test.each([
    ['encodeURIComponent', 'p%40ss%2Fw%2Brd%20%22%C3%BC%22'],
    ['lower-case digits', 'p%40ss%2fw%2brd%20%22%c3%bc%22'],
    ['a form', 'p%40ss%2Fw%2Brd+%22%C3%BC%22'],
    ['a path', 'p%40ss/w%2Brd%20%22%C3%BC%22'],
    ['encodeURI', 'p@ss/w+rd%20%22%C3%BC%22'],
  ])('knows a secret that is encoded for a URL: %s', (_, encoded) => {
    expect(scrubber([SECRET])(`GET /?a=${encoded}&b=c`)).toBe('GET /?a=***&b=c');
  });

  test('knows a secret within base64, whatever is encoded with it', () => {
    const text = fc.string({ maxLength: 12 });
    const alphabet = fc.constantFrom('base64' as const, 'base64url' as const);
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 40 }), text, text, alphabet, (secret, before, after, kind) => {
        const encoded = Buffer.from(before + secret + after).toString(kind);
        const shown = scrubber([secret])(`<${encoded}>`);
        expect(shown).toContain('***');
        // What is left of the code has no whole byte of the secret.
        const [head = '', tail = ''] = shown.slice(1, -1).split('***');
        const bytes = Buffer.byteLength(before);
        expect(head.length * 6).toBeLessThan((bytes + 1) * 8);
        expect(tail.replace(/=+$/, '').length * 6).toBeLessThan((Buffer.byteLength(after) + 1) * 8);
      }),
    );
    const alone = Buffer.from('hunter2!').toString('base64');
    expect(scrubber(['hunter2!'])(`Basic ${alone}`)).toBe('Basic ***');
    // Too short to be told from ordinary text.
    expect(scrubber(['hunter2'])(Buffer.from('hunter2').toString('base64'))).toBe('aHVudGVyMg==');
  });

  test('each line of a secret with several is one', () => {
    const scrub = scrubber(['-----BEGIN KEY-----\nMIIEvQIBADANBg\r\nkqhkiG9w0BAQEF\nab\n']);
    expect(['  MIIEvQIBADANBg', 'kqhkiG9w0BAQEF.', 'ab'].map(scrub)).toEqual(['  ***', '***.', 'ab']);
  });

  test('a text without a secret in it stays as it is', () => {
    const scrub = scrubber(['hunter22', 'p@ssw0rd with spaces']);
    fc.assert(
      fc.property(fc.string(), text => {
        fc.pre(!/hunter|ssw0rd|:\/\/|[?&]/.test(text));
        expect(scrub(text)).toBe(text);
      }),
    );
  });
});

describe('a line that was cut', () => {
  const CUT = 8192;
  const pieces = (text: string): string[] => text.match(/.{1,8192}/g) ?? [];
  const forms = [
    'correct horse/battery',
    'correct%20horse%2Fbattery',
    Buffer.from('x:correct horse/battery').toString('base64'),
  ];

  test.each(forms)('hides %s wherever the border is', form => {
    const scrub = scrubber(['correct horse/battery', 'teryaki-sauce']);
    for (let at = 0; at <= form.length; at++) {
      const text = `${'.'.repeat(CUT - at)}${form}, and on`;
      const lines = scrubLines(scrub, pieces(text));
      const shown = lines.join('');
      expect(shown.replace(/^\.+/, '')).toMatch(/^(eDp?)?\*\*\*, and on$/);
    }
  });

  test('is whole again where no secret is', () => {
    const scrub = scrubber(['...,', '.abc', 'xyz...']);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('.', 'a', 'b', 'x', 'y'), maxLength: 9 }), end => {
        const given = [end.padStart(CUT, '.'), 'next'];
        const cut = new CutLines(scrub);
        expect([...given.map(line => cut.next(line)), cut.end()].join('')).toBe(given.join(''));
      }),
    );
  });

  test('with a secret that ends in the beginning of another hides both', () => {
    const scrub = scrubber(['first-secret', 'secret-second']);
    const text = `${'.'.repeat(CUT - 12)}first-secret-second`;
    expect(scrubLines(scrub, pieces(text)).join('').replace(/^\.+/, '')).toBe('***');
    const apart = scrubber(['xxab', 'bq-and-more']);
    const lines = scrubLines(apart, [`${'.'.repeat(CUT - 5)}xxabq`, 'uiet']);
    expect(lines.join('').replace(/^\.+/, '')).toBe('***quiet');
  });
});

test('a long word is looked at once', () => {
  const scrub = scrubber();
  for (const part of ['a.', 'a-', 'a+', 'a:', 'a://', '://a:']) {
    const text = part.repeat(100_000);
    expect(scrub(text).length).toBeGreaterThan(0);
  }
  expect(scrub('see git+ssh://me:secret@host/x and HTTPS://u:p@h')).toBe('see git+ssh://***@host/x and HTTPS://***@h');
});

test('a secret that is repeated without end is neither held without end nor parted', () => {
  const secret = 'correct-horse-battery';
  const text = Buffer.from(secret.repeat(20_000)).toString('base64');
  const pieces = text.match(/.{1,8192}/g) ?? [];
  const scrub = scrubber([secret]);
  const shown = scrubLines(scrub, [...pieces, 'the next line']);
  expect(shown.at(-1)).toBe('the next line');
  expect(shown.slice(0, -1).filter(line => line !== '' && line !== '***')).toEqual([]);
});
