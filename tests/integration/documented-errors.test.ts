import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENTED_ERRORS, IDS, makePlace, PAGE, type Place, runCause } from './documented-errors-fixture.ts';
import { OF_RUNS } from './documented-errors-of-runs.ts';
import { OF_TEMPLATES } from './documented-errors-of-templates.ts';

let place: Place;
beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => place[Symbol.asyncDispose]());

describe('what the service says of a template, or what takes its place', () => {
  test.each(OF_TEMPLATES)('$name', cause => runCause(cause, place));
});

test('every documented error is caused, or it is said why it cannot occur', () => {
  const caused = [...OF_TEMPLATES, ...OF_RUNS].flatMap(({ ids }) => ids);
  expect(DOCUMENTED_ERRORS.map(({ id }) => id)).toEqual(IDS);
  expect(caused).toHaveLength(new Set(caused).size);
  const open = DOCUMENTED_ERRORS.filter(({ id, why }) => why === undefined && !caused.includes(id));
  expect(open).toEqual([]);
  // What Kiln is said to say, something has to have seen.
  const unseen = DOCUMENTED_ERRORS.filter(({ id, says }) => says.length > 0 && !caused.includes(id));
  expect(unseen).toEqual([]);
  expect(caused.filter(id => !IDS.includes(id))).toEqual([]);
});

describe('the page for users of the service', async () => {
  const rows = (await readFile(PAGE, 'utf8')).split('\n').filter(line => line.startsWith('| `'));
  const catalogue = await readFile(join(dirname(PAGE), 'errors.md'), 'utf8');

  test.each(DOCUMENTED_ERRORS)('has $text', ({ text, says, why }) => {
    const found = rows.filter(line => line.startsWith(`| \`${text}`));
    expect(found).toHaveLength(1);
    const linked = [...(found[0] ?? '').matchAll(/\[`(\w+)`\]\(errors\.md#(\w+)\)/g)];
    expect(linked.map(([, code]) => code)).toEqual(says);
    for (const [, code = '', anchor] of linked) {
      expect(anchor).toBe(code.toLowerCase());
      expect(catalogue).toContain(`\n### ${code}\n`);
    }
    if (why !== undefined) expect(found[0]).toContain(why);
  });

  test('has nothing else', () => {
    expect(rows).toHaveLength(DOCUMENTED_ERRORS.length);
  });
});
