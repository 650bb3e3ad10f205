import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KilnError } from '../errors/kiln-error.ts';
import { meets, parseFilter } from './filter.ts';
import { ticks } from './long-running.ts';
import { PAGE_BYTES, pageBody, pageOf } from './paging.ts';

describe('$filter', () => {
  test.each([
    ["resourceType eq 'A/b'", [['resourcetype', 'eq', 'A/b']]],
    [
      "(tagname eq 'a' and tagvalue eq 'it''s')",
      [
        ['tagname', 'eq', 'a'],
        ['tagvalue', 'eq', "it's"],
      ],
    ],
    [
      "startswith(name, 'x') and location ne 'west'",
      [
        ['name', 'startswith', 'x'],
        ['location', 'ne', 'west'],
      ],
    ],
    ["substringof('demo', name)", [['name', 'substringof', 'demo']]],
    [
      "atScope() and assignedTo('p1')",
      [
        ['atscope', 'eq', ''],
        ['assignedto', 'eq', 'p1'],
      ],
    ],
    ['', []],
  ])('%s', (text, conditions) => {
    expect(parseFilter(text).map(({ property, operator, value }) => [property, operator, value])).toEqual(conditions);
  });

  test('conditions are met without regard to case; a property that is not there meets only `ne`', () => {
    const named = (name: string) => (property: string) => (property === 'name' ? name : undefined);
    expect(meets(parseFilter("name eq 'WEB'"), named('web'))).toBe(true);
    expect(meets(parseFilter("substringof('e', name) and location ne 'x'"), named('web'))).toBe(true);
    expect(meets(parseFilter("location eq 'x'"), named('web'))).toBe(false);
  });

  test('any text is conditions or an error of ours, and is read in no time', () => {
    const part = fc.constantFrom("name eq 'a'", 'and', '(', ')', "startswith(name,'", "'", 'eq', ' ', 'atScope()');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part, { maxLength: 40 }).map(parts => parts.join('')),
        ),
        text => {
          try {
            parseFilter(text);
          } catch (error) {
            expect(error).toBeInstanceOf(KilnError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('pages', () => {
  test('following every link shows every element once, in order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), { maxLength: 30 }),
        fc.integer({ min: 1, max: 7 }),
        (names, top) => {
          const keys = names.map(name => `/${name}`).sort();
          const seen: string[] = [];
          let url: URL | undefined = new URL(`https://localhost/list?api-version=x&$top=${top}`);
          while (url !== undefined) {
            const page = pageOf(url.searchParams);
            const { after } = page;
            const found = keys.filter(key => after === undefined || key > after).slice(0, page.size + 1);
            const body = pageBody(
              found,
              page,
              url,
              key => key,
              key => key,
            ) as { value: string[]; nextLink?: string };
            seen.push(...body.value);
            url = body.nextLink === undefined ? undefined : new URL(body.nextLink);
            expect(url?.searchParams.get('api-version') ?? 'x').toBe('x');
          }
          expect(seen).toEqual(keys);
        },
      ),
    );
  });

  test('a page ends when it is large, and its link leads to the rest', () => {
    const keys = ['/a', '/b', '/c', '/d'];
    const url = new URL('https://localhost/list');
    const read = (after: string | undefined, next?: string) => {
      const found = keys.filter(key => after === undefined || key > after);
      const large = (key: string) => ({ key, text: 'x'.repeat(PAGE_BYTES / 2) });
      const body = pageBody(found, { after, size: 100 }, url, large, key => key, next) as {
        value: { key: string }[];
        nextLink?: string;
      };
      const link = body.nextLink === undefined ? undefined : pageOf(new URL(body.nextLink).searchParams).after;
      return [body.value.map(({ key }) => key).join(), link];
    };
    expect([read(undefined), read('/b'), read('/b', '/z'), read('/d', '/z')]).toEqual([
      ...[
        ['/a,/b', '/b'],
        ['/c,/d', undefined],
        ['/c,/d', '/z'],
        ['', '/z'],
      ],
    ]);
  });

  test.each(['$skipToken=nonsense', '$skipToken=', '$top=0', '$top=x', '$top=1.5'])('%s is refused', query => {
    expect(() => pageOf(new URLSearchParams(query))).toThrow(KilnError);
  });
});

test('times have seven digits after the point', () => {
  expect(ticks('2026-11-21T16:00:00.123Z')).toBe('2026-11-21T16:00:00.1230000Z');
  expect(ticks('2026-11-21T16:00:00Z')).toBe('2026-11-21T16:00:00.0000000Z');
});
