import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Node, parseExpression, printExpression } from './expression.ts';
import { Failure } from './failure.ts';
import { isExpression, unescaped } from './tokenizer.ts';

function withoutPositions(node: Node): unknown {
  return JSON.parse(JSON.stringify(node, (key, value: unknown) => (key === 'at' ? undefined : value)));
}

function failure(expression: string): Failure {
  try {
    parseExpression(expression);
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error(`parsed: ${expression}`);
}

const word = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
const node = fc.letrec<{ node: Node }>(tie => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      kind: fc.constant('literal' as const),
      value: fc.oneof(fc.string(), fc.maxSafeInteger()),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('call' as const),
      name: fc.oneof(
        word,
        fc.tuple(word, word).map(([space, name]) => `${space}.${name}`),
      ),
      args: fc.array(tie('node'), { maxLength: 4 }),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('property' as const),
      of: tie('node'),
      name: word,
      safe: fc.boolean(),
      at: fc.constant(0),
    }),
    fc.record({
      kind: fc.constant('index' as const),
      of: tie('node'),
      index: tie('node'),
      safe: fc.boolean(),
      at: fc.constant(0),
    }),
  ),
})).node;

describe('expressions', () => {
  it('are the same after being printed and parsed again', () => {
    // A negative zero is printed as zero.
    const ordinary = node.filter(one => !JSON.stringify(one).includes('-0'));
    fc.assert(
      fc.property(ordinary, one => {
        expect(withoutPositions(parseExpression(`[${printExpression(one)}]`))).toEqual(withoutPositions(one));
      }),
    );
  });

  it('know the position of each of their parts', () => {
    expect(parseExpression("[a( 'it''s' , -12 )[0].b.?c]")).toMatchObject({
      kind: 'property',
      name: 'c',
      safe: true,
      at: 25,
      of: {
        name: 'b',
        safe: false,
        at: 23,
        of: {
          kind: 'index',
          at: 20,
          of: {
            name: 'a',
            at: 2,
            args: [
              { value: "it's", at: 5 },
              { value: -12, at: 15 },
            ],
          },
        },
      },
    });
  });

  it.each([
    ["[concat('a)]", 9, 'the string that begins here has no end'],
    ['[concat("a")]', 9, 'single quotes'],
    ["[concat('a',)]", 13, "expected a function, a string or an integer and actual ')'"],
    ["[concat('a')", 12, 'expected'],
    ["[concat('a') 'b']", 14, 'expected the end of the expression and actual a string'],
    ['[true]', 6, "expected '(' after the function 'true' and actual the end of the expression"],
    ['[a().1]', 6, "expected the name of a property and actual '1'"],
    ['[a(1.5)]', 4, "write float('1.5')"],
    ['[a(99999999999999999)]', 4, 'larger than Kiln computes with'],
    ['[]', 2, 'expected a function'],
    ['[a(%)]', 4, "unexpected character '%'"],
    [`[${'a('.repeat(200)}${')'.repeat(200)}]`, 204, 'levels deep'],
    [`[a()${'.b'.repeat(200)}]`, 207, 'levels deep'],
    [`[a('${'x'.repeat(24_576)}')]`, 1, 'more than the limit of 24576'],
  ])('are refused with the position of what is wrong: %s', (expression, position, message) => {
    expect(failure(expression)).toMatchObject({ position, message: expect.stringContaining(message) });
  });

  it('are texts in brackets, if the first is not doubled', () => {
    const texts = ['[a()]', '[[a()]', '[a] b', '[[ -f x ]] || y', 'a', '[', '[]', ' [a()]'];
    expect(texts.filter(isExpression)).toEqual(['[a()]', '[]']);
    expect(texts.map(unescaped)).toEqual(['[a()]', '[a()]', '[a] b', '[[ -f x ]] || y', 'a', '[', '[]', ' [a()]']);
  });

  it('end in a tree or in a failure, whatever the text', () => {
    const pieces = fc.array(
      fc.constantFrom("'", "''", '(', ')', '[', ']', '.', '.?', '[?', ',', 'a', '1', '-', ' ', 'é', '"'),
      {
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          pieces.map(all => all.join('')),
        ),
        text => {
          try {
            parseExpression(`[${text}]`);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
          }
        },
      ),
    );
  });
});
