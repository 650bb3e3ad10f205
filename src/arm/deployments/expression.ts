import { LIMITS } from './budget.ts';
import { Failure } from './failure.ts';
import { type Token, tokenize } from './tokenizer.ts';

/** An expression as a tree. `at` is the 1-based position in its text. */
export type Node =
  | { readonly kind: 'literal'; readonly value: string | number; readonly at: number }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Node[]; readonly at: number }
  | { readonly kind: 'property'; readonly of: Node; readonly name: string; readonly safe: boolean; readonly at: number }
  | { readonly kind: 'index'; readonly of: Node; readonly index: Node; readonly safe: boolean; readonly at: number };

/** Parses the text of an expression, its brackets included. @throws Failure with its position */
export function parseExpression(expression: string): Node {
  const tokens = tokenize(expression);
  let next = 0;
  const peek = (): Token =>
    tokens[Math.min(next, tokens.length - 1)] ?? { kind: 'end', text: '', at: expression.length };
  const take = (kind: Token['kind'], wanted: string): Token => {
    const token = peek();
    if (token.kind !== kind) throw unexpected(token, wanted);
    next++;
    return token;
  };
  const has = (kind: Token['kind']): boolean => {
    if (peek().kind !== kind) return false;
    next++;
    return true;
  };

  const parse = (level: number): Node => {
    if (level > LIMITS.nesting) {
      throw new Failure(`the expression is nested more than ${LIMITS.nesting} levels deep`, { position: peek().at });
    }
    let node = primary(level);
    for (let links = 0; ; links++) {
      const { kind, at } = peek();
      if (kind !== '.' && kind !== '.?' && kind !== '[' && kind !== '[?') return node;
      // Each link is a level of the tree, though not of the parser.
      if (level + links > LIMITS.nesting) {
        throw new Failure(`the expression is nested more than ${LIMITS.nesting} levels deep`, { position: at });
      }
      next++;
      if (kind === '.' || kind === '.?') {
        const { text } = take('name', 'the name of a property');
        node = { kind: 'property', of: node, name: text, safe: kind === '.?', at };
      } else {
        const index = parse(level + 1);
        take(']', "']'");
        node = { kind: 'index', of: node, index, safe: kind === '[?', at };
      }
    }
  };

  const primary = (level: number): Node => {
    const token = peek();
    next++;
    if (token.kind === 'text') return { kind: 'literal', value: token.text, at: token.at };
    if (token.kind === 'integer') return { kind: 'literal', value: token.value, at: token.at };
    if (token.kind !== 'name') throw unexpected(token, 'a function, a string or an integer');
    // A function of the template itself has its namespace before its name.
    const name = has('.') ? `${token.text}.${take('name', 'the name of a function').text}` : token.text;
    take('(', `'(' after the function '${name}'`);
    const args: Node[] = [];
    if (!has(')')) {
      do args.push(parse(level + 1));
      while (has(','));
      take(')', "',' or ')'");
    }
    return { kind: 'call', name, args, at: token.at };
  };

  const node = parse(0);
  take('end', 'the end of the expression');
  return node;
}

/** The expression of a tree, without brackets around it. Parsing what is printed gives the same tree but for positions. */
export function printExpression(node: Node): string {
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'number' ? String(node.value) : `'${node.value.replaceAll("'", "''")}'`;
    case 'call':
      return `${node.name}(${node.args.map(printExpression).join(', ')})`;
    case 'property':
      return `${printExpression(node.of)}${node.safe ? '.?' : '.'}${node.name}`;
    case 'index':
      return `${printExpression(node.of)}${node.safe ? '[?' : '['}${printExpression(node.index)}]`;
  }
}

function unexpected(token: Token, wanted: string): Failure {
  const actual =
    token.kind === 'end' ? 'the end of the expression' : token.kind === 'text' ? 'a string' : `'${token.text}'`;
  return new Failure(`expected ${wanted} and actual ${actual}`, { position: token.at });
}
