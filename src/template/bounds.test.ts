import { describe, expect, it } from 'vitest';
import { example } from './example.fixture.ts';
import { failure, model, problems } from './outcome.fixture.ts';
import { parseTemplate } from './parse.ts';

const MANY = 50_000;

/** What each of very many names holds. */
function many(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: MANY }, (_, i) => [`unknown${i}`, value]));
}

function steps(count: number): unknown[] {
  return Array.from({ length: count }, () => ({ type: 'Shell', inline: ['true'] }));
}

function targets(count: number): unknown[] {
  return Array.from({ length: count }, (_, i) => ({ type: 'VHD', runOutputName: `o${i}` }));
}

describe('a template with too much of something', () => {
  it.each([
    ['unknown names in the resource', example({}, many(1)), 'UnknownField'],
    ['unknown names in the properties', example(many(1)), 'UnknownField'],
    ['unknown names in a step', example({ customize: [{ type: 'Shell', inline: ['x'], ...many(1) }] }), 'UnknownField'],
    ['placeholders', example({ vmProfile: many('<placeholder>') }), 'Placeholder'],
    [
      'wrong values',
      example({ customize: [{ type: 'Shell', inline: Object.keys(many(1)).map(() => 1) }] }),
      'BadValue',
    ],
  ])('of very many %s a hundred are told of, and that there are more', { timeout: 30_000 }, (_, template, code) => {
    const { details, message } = failure(JSON.stringify(template));
    expect(details.filter(one => one.code === code)).toHaveLength(100);
    expect(details.at(-1)?.code).toBe('MoreProblems');
    expect(details).toHaveLength(101);
    expect(message).toContain('(99 more in `details`.)');
  });

  it('of very many warnings a hundred are told of, and that there are more', { timeout: 30_000 }, () => {
    const older = example({}, { ...many(1), apiVersion: '2022-02-14' });
    const { warnings } = parseTemplate(JSON.stringify(older));
    expect(warnings.slice(0, 100).every(one => one.code === 'UnknownField' && one.line === 1)).toBe(true);
    expect(warnings.slice(100)).toEqual([expect.objectContaining({ code: 'MoreWarnings', severity: 'warning' })]);
    const { details } = failure(JSON.stringify({ ...older, location: 1 }));
    expect(details.filter(one => one.severity === undefined)).toHaveLength(1);
    expect(details.at(-1)?.code).toBe('MoreWarnings');
  });

  it('long names and values are shortened', () => {
    const long = 'x'.repeat(1_000_000);
    const error = failure(JSON.stringify(example({ [long]: 1, customize: [{ type: 'File', name: `<${long}` }] })));
    expect(JSON.stringify(error.toJSON()).length).toBeLessThan(20_000);
    const nested = failure(JSON.stringify(example({}, { tags: { [long]: 1, [`<b>${long}`]: '<a>' } })));
    expect(JSON.stringify(nested.toJSON()).length).toBeLessThan(20_000);
  });

  it('a thousand steps, a thousand validators and a hundred targets are taken, and not one more', () => {
    const validate = (count: number) => ({ inVMValidations: steps(count) });
    const most = model(example({ customize: steps(1000), validate: validate(1000), distribute: targets(100) }));
    expect([most.customize.length, most.validate.inVMValidations.length, most.distribute.length]).toEqual([
      1000, 1000, 100,
    ]);
    const more = { customize: steps(1001), validate: validate(1001), distribute: targets(101) };
    expect(problems(example(more))).toEqual([
      'BadValue properties.customize',
      'BadValue properties.distribute',
      'BadValue properties.validate.inVMValidations',
    ]);
    expect(failure(JSON.stringify(example({ distribute: targets(101) }))).message).toContain(
      '`distribute` has 101 elements; Kiln takes 100 at most.',
    );
  });
});
