import { describe, expect, test } from 'vitest';
import { compareImageVersions, parseImageReference, similarNames } from './image-name.ts';

describe('parseImageReference', () => {
  test('a name without a version means the latest', () => {
    expect(parseImageReference('Debian:debian-12:12-gen2')).toEqual({
      name: 'Debian:debian-12:12-gen2',
      version: 'latest',
    });
  });

  test('`latest` is understood in any case, and a version is kept', () => {
    expect(parseImageReference('a:b:c:LATEST').version).toBe('latest');
    expect(parseImageReference('a:b:c:0.20230723.1').version).toBe('0.20230723.1');
  });

  test.each(['a:b', 'a:b:c:d:e', 'a::c', 'a:b:../c', 'a:b:c:1.2', 'a:b:c:new'])('%s is refused', text => {
    expect(() => parseImageReference(text)).toThrow(expect.objectContaining({ code: 'SourceNameInvalid' }));
  });
});

test('versions are compared as numbers', () => {
  const versions = ['0.10.0', '0.9.1', '22.4.0', '0.9.0', '3.0.0'];
  expect(versions.sort(compareImageVersions)).toEqual(['0.9.0', '0.9.1', '0.10.0', '3.0.0', '22.4.0']);
});

test('a name with a typing error finds what was meant, and nonsense finds nothing', () => {
  const names = ['Canonical:ubuntu-24_04-lts:server', 'Debian:debian-12:12', 'Debian:debian-12:12-gen2'];
  expect(similarNames('debian:debian12:12-gen2', names)[0]).toBe('Debian:debian-12:12-gen2');
  expect(similarNames('x:y:z', names)).toEqual([]);
});
