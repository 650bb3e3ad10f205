import { LIMITS } from './budget.ts';
import { Failure } from './failure.ts';

/** A word of an expression. `at` is its 1-based position in the text of the expression, brackets included. */
export type Token =
  | { readonly kind: 'name' | 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'integer'; readonly value: number; readonly text: string; readonly at: number }
  | { readonly kind: Mark; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

export type Mark = '(' | ')' | '[' | ']' | '[?' | '.' | '.?' | ',';

const SPACE = /\s+/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const INTEGER = /[+-]?[0-9]+(\.[0-9]+)?/y;
const TEXT = /'((?:[^']|'')*)'/y;
const MARK = /\.\?|\[\?|[()[\].,]/y;

/** Whether a text of a template is an expression: `[...]`, but not `[[...`. */
export function isExpression(text: string): boolean {
  return text.startsWith('[') && text.endsWith(']') && !text.startsWith('[[');
}

/** A text that is no expression, as it is meant: `[[x]` stands for `[x]`. */
export function unescaped(text: string): string {
  return text.startsWith('[[') && text.endsWith(']') ? text.slice(1) : text;
}

/** The words of an expression, `[` and `]` around it left out. @throws Failure with its position */
export function tokenize(expression: string): readonly Token[] {
  if (expression.length > LIMITS.expression) {
    const message = `The expression has ${expression.length} characters, more than the limit of ${LIMITS.expression}.`;
    throw new Failure(message, { position: 1 });
  }
  const tokens: Token[] = [];
  const end = expression.length - 1;
  let offset = 1;
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = offset;
    const found = pattern.exec(expression);
    // The last bracket ends the expression: no word may reach into it.
    if (found === null || offset + found[0].length > end) return undefined;
    return found;
  };
  while (offset < end) {
    const at = offset + 1;
    const space = match(SPACE);
    if (space !== undefined) {
      offset += space[0].length;
      continue;
    }
    const found = match(TEXT) ?? match(NAME) ?? match(INTEGER) ?? match(MARK);
    const text = found?.[0];
    if (text === undefined) throw unknownToken(expression, offset);
    tokens.push(tokenOf(text, at));
    offset += text.length;
  }
  return [...tokens, { kind: 'end', text: '', at: end + 1 }];
}

const MARKS: Readonly<Record<string, Mark>> = {
  '(': '(',
  ')': ')',
  '[': '[',
  ']': ']',
  '[?': '[?',
  '.': '.',
  '.?': '.?',
  ',': ',',
};

function tokenOf(text: string, at: number): Token {
  const mark = MARKS[text];
  if (mark !== undefined) return { kind: mark, text, at };
  if (text.startsWith("'")) return { kind: 'text', text: text.slice(1, -1).replaceAll("''", "'"), at };
  if (!/^[+-]?[0-9]/.test(text)) return { kind: 'name', text, at };
  if (text.includes('.')) {
    throw new Failure(`a number in an expression is an integer; write float('${text}')`, { position: at });
  }
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new Failure(`The integer ${text} is larger than Kiln computes with.`, { position: at });
  }
  return { kind: 'integer', value: value + 0, text, at };
}

function unknownToken(expression: string, offset: number): Failure {
  const position = offset + 1;
  const char = expression[offset] ?? '';
  if (char === "'") return new Failure('the string that begins here has no end', { position });
  if (char === '"') return new Failure('a string stands between single quotes', { position });
  return new Failure(`unexpected character '${String.fromCodePoint(expression.codePointAt(offset) ?? 0)}'`, {
    position,
  });
}
