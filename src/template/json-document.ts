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

/** What follows behind so many is the same again, or nothing that a reader would still look at. */
const MOST_SYNTAX_PROBLEMS = 100;
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
    const causes = new Map<number, ParseError>();
    for (const one of errors) if (!causes.has(one.offset)) causes.set(one.offset, one);
    const found = [...causes.values()].slice(0, MOST_SYNTAX_PROBLEMS).map(e => ({
      ...positionAt(lines, e.offset),
      message: describe(printParseErrorCode(e.error)),
    }));
    return { syntax: found.length > 0 ? found : [{ line: 1, column: 1, message: 'the file is empty' }] };
  }
  const duplicates: Segment[][] = [];
  const members: MembersOf = new Map();
  return {
    value: toValue(root, [], duplicates),
    duplicates,
    trailingCommas: trailingCommas(text).map(offset => positionAt(lines, offset)),
    locate: (path, what = 'value') => positionAt(lines, find(root, path, what, members)),
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

interface Member {
  readonly key: Node;
  readonly value: Node;
}

/** The members of an object: by name (the last of several), and by name in lower case (the first). */
interface Members {
  readonly exact: ReadonlyMap<string, Member>;
  readonly lower: ReadonlyMap<string, Member>;
}

/** Of the objects that were looked into: an object may have as many members as there are places to be found. */
type MembersOf = Map<Node, Members>;

function membersOf(node: Node, known: MembersOf): Members {
  const before = known.get(node);
  if (before !== undefined) return before;
  const exact = new Map<string, Member>();
  const lower = new Map<string, Member>();
  for (const [name, value, key] of properties(node)) {
    exact.set(name, { key, value });
    if (!lower.has(name.toLowerCase())) lower.set(name.toLowerCase(), { key, value });
  }
  known.set(node, { exact, lower });
  return { exact, lower };
}

function find(root: Node, path: readonly Segment[], what: 'key' | 'value', known: MembersOf): number {
  let node = root;
  let offset = root.offset;
  for (const [i, segment] of path.entries()) {
    if (typeof segment === 'number') {
      const child = node.type === 'array' ? node.children?.[segment] : undefined;
      if (child === undefined) return offset;
      node = child;
    } else {
      if (node.type !== 'object') return offset;
      const { exact, lower } = membersOf(node, known);
      const hit = exact.get(segment) ?? lower.get(segment.toLowerCase());
      if (hit === undefined) return offset;
      node = hit.value;
      if (what === 'key' && i === path.length - 1) return hit.key.offset;
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

/** `starts` is in ascending order, and begins with 0. */
function positionAt(starts: readonly number[], offset: number): Position {
  let [line, end] = [0, starts.length];
  while (end - line > 1) {
    const middle = Math.floor((line + end) / 2);
    if ((starts[middle] ?? 0) <= offset) line = middle;
    else end = middle;
  }
  return { line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
}

/** `CommaExpected` to `comma expected`. */
function describe(code: string): string {
  return code.replace(/(?<=[a-z])[A-Z]/g, letter => ` ${letter}`).toLowerCase();
}
