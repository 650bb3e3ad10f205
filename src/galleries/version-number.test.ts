import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareVersions, nextVersion, parseVersion, renderVersion, versionFromSource } from './version-number.ts';

const PUBLISHED = ['0.1.1', '0.1.2', '1.0.0', '1.0.1', '1.1.0', '1.1.1', '1.2.0', '2.0.0', '2.0.1', '2.1.0'];

function next(existing: readonly string[], major: number): string {
  return renderVersion(nextVersion(existing.map(parseVersion), major));
}

function fromSource(existing: readonly string[], source: string | undefined): string {
  return renderVersion(versionFromSource(existing.map(parseVersion), source));
}

describe('versioning Latest', () => {
  test.each([
    [-1, '2.1.1'],
    [2, '2.1.1'],
    [1, '1.2.1'],
    [0, '0.1.3'],
    [3, '3.0.0'],
  ])('major %i of the documented example is %s', (major, expected) => {
    expect(next(PUBLISHED, major)).toBe(expected);
  });

  test('the first version', () => {
    expect(next([], -1)).toBe('0.0.1');
    expect(next([], 0)).toBe('0.0.1');
    expect(next([], 7)).toBe('7.0.0');
  });

  test('a full patch number goes on in the next minor version', () => {
    expect(next(['1.0.2147483647'], -1)).toBe('1.1.0');
    expect(() => next(['1.2147483647.2147483647'], 1)).toThrow('no higher number');
  });

  test('is above all others of its major version, and never one of them', () => {
    const part = fc.integer({ min: 0, max: 4 });
    const version = fc.record({ major: part, minor: part, patch: part });
    fc.assert(
      fc.property(fc.array(version), fc.integer({ min: -1, max: 4 }), (existing, major) => {
        const chosen = nextVersion(existing, major);
        const rivals = existing.filter(v => major === -1 || v.major === major);
        return rivals.every(rival => compareVersions(chosen, rival) > 0);
      }),
    );
  });
});

describe('versioning Source', () => {
  test('is the version of the source, without leading zeros', () => {
    expect(fromSource([], '18.04.202401161')).toBe('18.4.202401161');
  });

  test('counts on from the highest of the same minor version when it is taken', () => {
    expect(fromSource(['12.0.5', '12.0.9', '12.1.50'], '12.0.5')).toBe('12.0.10');
    expect(fromSource(['12.0.9'], '12.0.5')).toBe('12.0.5');
  });

  test('needs a source with a version of three numbers', () => {
    expect(() => fromSource([], undefined)).toThrow('source that has a version');
    expect(() => fromSource([], '1.2')).toThrow('three numbers');
    expect(() => fromSource([], '1.2.20240101000')).toThrow('above 2147483647');
  });
});

test('only three numbers are a version', () => {
  for (const text of ['', '1', '1.2.3.4', '1.2.x', '-1.0.0', '1.0.0-beta', 'latest']) {
    expect(() => parseVersion(text), text).toThrow('cannot be');
  }
});
