import { describe, expect, test } from 'vitest';
import { mirrorMap } from './mirrors.ts';

const locate = mirrorMap(
  [
    { from: 'https://example.org/', to: 'https://mirror.site/all' },
    { from: 'https://example.org/scripts', to: '/srv/scripts' },
    { from: 'https://RAW.example.net', to: 'http://mirror.site/raw/' },
  ],
  'config.yaml',
);

describe('mirrorMap', () => {
  test('a URL that no prefix covers stays', () => {
    expect(locate(new URL('https://other.org/x#top'))).toEqual({
      kind: 'url',
      url: new URL('https://other.org/x'),
      mirror: undefined,
    });
  });

  test.each([
    ['https://example.org/a/b.sh?v=1', 'https://mirror.site/all/a/b.sh?v=1'],
    ['https://EXAMPLE.org:443/a', 'https://mirror.site/all/a'],
    ['https://raw.example.net/x', 'http://mirror.site/raw/x'],
    ['https://raw.example.net', 'http://mirror.site/raw/'],
    ['https://example.org/scriptsets/x', 'https://mirror.site/all/scriptsets/x'],
  ])('%s is at %s', (from, to) => {
    expect(locate(new URL(from))).toMatchObject({ kind: 'url', url: new URL(to) });
  });

  test('a prefix ends at a segment: a host that only starts alike is another host', () => {
    expect(locate(new URL('https://raw.example.net.evil.org/x'))).toMatchObject({ mirror: undefined });
  });

  test('the longest prefix wins, and a folder has no query', () => {
    expect(locate(new URL('https://example.org/scripts/a/b%20c.sh?sig=x'))).toEqual({
      kind: 'folder',
      folder: '/srv/scripts',
      segments: ['a', 'b c.sh'],
    });
  });

  test('plain and encoded dots are resolved before prefixes are compared', () => {
    expect(locate(new URL('https://example.org/scripts/../x'))).toMatchObject({ kind: 'url' });
    expect(locate(new URL('https://example.org/scripts/%2e%2e/x'))).toMatchObject({ kind: 'url' });
  });

  test.each(['..%2fsecret', 'a%2f..%2f..%2fsecret', '%2e%2e%5csecret', 'x%00', '%ff'])('%s is refused', path => {
    expect(() => locate(new URL(`https://example.org/scripts/${path}`))).toThrowError(/leads out of the mirror/);
  });

  test.each(['relative/folder', 'ftp://mirror.site/'])('a mirror to %s is an error of the configuration', to => {
    expect(() => mirrorMap([{ from: 'https://a.org/', to }], 'config.yaml')).toThrowError(/mirrors\.0\.to/);
  });
});
