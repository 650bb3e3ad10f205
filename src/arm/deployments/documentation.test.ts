import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LIMITS } from './budget.ts';
import { FUNCTION_NAMES } from './functions/registry.ts';

const page = readFileSync(new URL('../../../docs/deployments.md', import.meta.url), 'utf8');

describe('docs/deployments.md', () => {
  it('names every function that there is, and no other', () => {
    const section = page.split('\n## Functions\n')[1]?.split('\n- ')[0] ?? '';
    const named = [...section.matchAll(/`(\w+)`/g)].map(match => match[1] ?? '');
    expect(named.sort()).toEqual([...FUNCTION_NAMES, 'lambda'].sort());
  });

  it('states the limits', () => {
    const section = page.split('\n## Limits\n')[1] ?? '';
    const { entries, outputs, resources, expression, nesting, text } = LIMITS;
    for (const limit of [entries, outputs, resources, expression, nesting, text]) {
      expect(section).toContain(limit.toLocaleString('en'));
    }
  });
});
