import { describe, expect, it } from 'vitest';
import { parseJsonDocument } from './json-document.ts';

function parsed(text: string) {
  const document = parseJsonDocument(text);
  if ('syntax' in document) throw new Error(JSON.stringify(document.syntax));
  return document;
}

describe('parseJsonDocument', () => {
  const document = parsed('{\r\n  // why\r\n  "list": [1, { "Name": "x" }]\r\n}');

  it('finds values and names, whatever their case', () => {
    expect(document.locate(['list', 1, 'name'])).toEqual({ line: 3, column: 25 });
    expect(document.locate(['list', 1, 'name'], 'key')).toEqual({ line: 3, column: 17 });
  });

  it('finds the nearest thing around what does not exist', () => {
    expect(document.locate(['list', 1, 'absent'])).toEqual({ line: 3, column: 15 });
    expect(document.locate(['list', 7])).toEqual({ line: 3, column: 11 });
    expect(document.locate(['absent', 'deep'])).toEqual({ line: 1, column: 1 });
  });

  it('takes `__proto__` for a name and keeps the last of two values', () => {
    const odd = parsed('{ "__proto__": 1, "a": 1, "a": 2 }');
    expect(Object.keys(odd.value as object)).toEqual(['__proto__', 'a']);
    expect(odd.value).toMatchObject({ a: 2 });
    expect(odd.duplicates).toEqual([['a']]);
    expect(odd.locate(['a'])).toEqual({ line: 1, column: 32 });
  });

  it('says where commas are that nothing follows', () => {
    const odd = parsed('{ "a": [1, 2, // none\n ],\n "b": "x,]" , }');
    expect(odd.value).toEqual({ a: [1, 2], b: 'x,]' });
    expect(odd.trailingCommas).toEqual([
      { line: 1, column: 13 },
      { line: 3, column: 13 },
    ]);
    expect(parsed('{ "a": [], "b": {} }').trailingCommas).toEqual([]);
  });

  it('refuses commas without an element before them, and text after the end', () => {
    for (const text of ['{ , }', '[,]', '{ "a": 1,, }']) expect(parseJsonDocument(text)).toHaveProperty('syntax');
    expect(parseJsonDocument('{} {}')).toHaveProperty('syntax');
  });

  it('reads and finds each of very many members, lines and commas', { timeout: 20_000 }, () => {
    const names = Array.from({ length: 20_000 }, (_, i) => `name${i}`);
    const many = parsed(`{\n${names.map(name => `"${name}": [1,\n]`).join(',\n')}\n}`);
    expect(many.trailingCommas).toHaveLength(names.length);
    expect(many.trailingCommas.at(-1)).toEqual({ line: 2 * names.length, column: `"name19999": [1,`.length });
    for (const [i, name] of names.entries()) {
      expect(many.locate([name.toUpperCase()], 'key')).toEqual({ line: 2 + 2 * i, column: 1 });
    }
  });

  it('tells of the first hundred places that are not JSON', { timeout: 20_000 }, () => {
    const broken = parseJsonDocument(`{${'"a" 1 2,\n'.repeat(100_000)}`);
    expect(broken).toMatchObject({ syntax: expect.arrayContaining([expect.objectContaining({ line: 1 })]) });
    expect('syntax' in broken && broken.syntax).toHaveLength(100);
  });
});
