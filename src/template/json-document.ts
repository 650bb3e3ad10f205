import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';

export type Segment = string | number;

/** A place in a file, 1-based. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface SyntaxProblem extends Position {
  readonly message: string;
}

/** A JSON file as a value, with the way back from a path to the line. */
export interface JsonDocument {
  readonly value: unknown;
  /** Paths that a second property of the same object has as well. */
  readonly duplicates: readonly (readonly Segment[])[];
  /** Places of commas behind a last element: not JSON, and in published samples all the same. */
  readonly trailingCommas: readonly Position[];
  /** Where the value is (`key`: where its name is), or the nearest thing around it that exists. Case of names is ignored where need be. */
  locate(path: readonly Segment[], what?: 'key' | 'value'): Position;
}

/** Deeper than any template, and shallow enough for the parser's recursion. */
const MAX_DEPTH = 100;

/** Parses JSON with comments, as Azure Resource Manager accepts it. */
export function parseJsonDocument(text: string): JsonDocument | { readonly syntax: readonly SyntaxProblem[] } {
  const lines = lineStarts(text);
  const tooDeep = depthProblem(text);
  if (tooDeep !== undefined)
    return { syntax: [{ ...positionAt(lines, tooDeep), message: 'JSON is nested too deeply' }] };

  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (root === undefined || errors.length > 0) {
    // At one place the first complaint is the cause of the others.
    const causes = errors.filter((e, i) => errors.findIndex(other => other.offset === e.offset) === i);
    const found = causes.map(e => ({
      ...positionAt(lines, e.offset),
      message: describe(printParseErrorCode(e.error)),
    }));
    return { syntax: found.length > 0 ? found : [{ line: 1, column: 1, message: 'the file is empty' }] };
  }
  const duplicates: Segment[][] = [];
  return {
    value: toValue(root, [], duplicates),
    duplicates,
    trailingCommas: trailingCommas(text).map(offset => positionAt(lines, offset)),
    locate: (path, what = 'value') => positionAt(lines, find(root, path, what)),
  };
}

/** Like `getNodeValue`, but a name such as `__proto__` is a name like any other. */
function toValue(node: Node, path: Segment[], duplicates: Segment[][]): unknown {
  if (node.type === 'array') return (node.children ?? []).map((child, i) => toValue(child, [...path, i], duplicates));
  if (node.type !== 'object') return node.value;
  const entries = new Map<string, unknown>();
  for (const [name, value] of properties(node)) {
    if (entries.has(name)) duplicates.push([...path, name]);
    entries.set(name, toValue(value, [...path, name], duplicates));
  }
  return Object.fromEntries(entries);
}

function properties(node: Node): [string, Node, Node][] {
  return (node.children ?? []).flatMap(property => {
    const [key, value] = property.children ?? [];
    return key === undefined || value === undefined ? [] : [[String(key.value), value, key] as [string, Node, Node]];
  });
}

function find(root: Node, path: readonly Segment[], what: 'key' | 'value'): number {
  let node = root;
  let offset = root.offset;
  for (const [i, segment] of path.entries()) {
    if (typeof segment === 'number') {
      const child = node.type === 'array' ? node.children?.[segment] : undefined;
      if (child === undefined) return offset;
      node = child;
    } else {
      const all = node.type === 'object' ? properties(node) : [];
      const same = (name: string) => name.toLowerCase() === segment.toLowerCase();
      const hit = all.findLast(([name]) => name === segment) ?? all.find(([name]) => same(name));
      if (hit === undefined) return offset;
      node = hit[1];
      if (what === 'key' && i === path.length - 1) return hit[2].offset;
    }
    offset = node.offset;
  }
  return offset;
}

/** The offset at which the text goes deeper than any template does. */
function depthProblem(text: string): number | undefined {
  const scanner = createScanner(text, true);
  let depth = 0;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const start = text[scanner.getTokenOffset()];
    if (start === '{' || start === '[') depth++;
    if (start === '}' || start === ']') depth--;
    if (depth > MAX_DEPTH) return scanner.getTokenOffset();
  }
  return undefined;
}

/** The offsets of commas that nothing but a closing bracket follows, in a text that is JSON otherwise. */
function trailingCommas(text: string): number[] {
  const scanner = createScanner(text, true);
  const found: number[] = [];
  let comma: number | undefined;
  while (scanner.getPosition() < text.length) {
    scanner.scan();
    const offset = scanner.getTokenOffset();
    const start = text[offset];
    if ((start === '}' || start === ']') && comma !== undefined) found.push(comma);
    comma = start === ',' ? offset : undefined;
  }
  return found;
}

function lineStarts(text: string): number[] {
  return [0, ...[...text.matchAll(/\r\n|\n|\r/g)].map(end => end.index + end[0].length)];
}

function positionAt(starts: readonly number[], offset: number): Position {
  let line = starts.findLastIndex(start => start <= offset);
  if (line < 0) line = 0;
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}

/** `CommaExpected` to `comma expected`. */
function describe(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, letter => ` ${letter}`).toLowerCase();
}
