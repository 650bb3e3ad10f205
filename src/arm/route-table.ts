import { armError } from '../errors/arm.ts';

/** An operation's place: a method and a path as the API descriptions write it, e.g. `/subscriptions/{subscriptionId}/resourceGroups`. */
export interface Place {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** Begins with `/`. `{name}` stands for one segment; a path that begins with `/{scope}/` is that of an extension of any resource. */
  readonly path: string;
}

export interface Match<T extends Place> {
  readonly operation: T;
  /** What stands in the place of each `{name}`; of `{scope}` without its first `/`, empty for the tenant. */
  readonly params: Readonly<Record<string, string>>;
  /** The path as Azure spells it, with the names as they were given. */
  readonly id: string;
}

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  parameter: Node<T> | undefined;
  readonly operations: Map<string, T>;
}

const SCOPE = '{scope}';

/**
 * Finds the operation of a request. Paths are compared without regard to case; literal segments come before names. An action
 * named in a path is one that its resource does not share with a resource below it.
 */
export class RouteTable<T extends Place> {
  readonly #root: Node<T> = node();
  readonly #extensions: Node<T> = node();

  constructor(operations: readonly T[]) {
    for (const operation of operations) {
      const [first, ...rest] = operation.path.slice(1).split('/');
      const [root, parts] =
        first === SCOPE ? [this.#extensions, rest] : [this.#root, [first ?? '', ...rest].filter(part => part !== '')];
      const at = parts.reduce(below, root);
      if (at.operations.has(operation.method))
        throw new Error(`two operations at ${operation.method} ${operation.path}`);
      at.operations.set(operation.method, operation);
    }
  }

  /** @throws KilnError `NotFound`, `HttpMethodNotSupported`. */
  find(method: string, segments: readonly string[]): Match<T> {
    const path = `/${segments.join('/')}`;
    const found = descend(this.#root, segments) ?? this.#extension(segments);
    if (found === undefined || found.operations.size === 0) throw armError('NotFound', { path });
    const operation = found.operations.get(method);
    if (operation === undefined) {
      const allowed = [...found.operations.keys()].sort().join(', ');
      throw armError('HttpMethodNotSupported', { method, path, allowed });
    }
    return matchOf(operation, segments);
  }

  #extension(segments: readonly string[]): Node<T> | undefined {
    const from = segments.findLastIndex(segment => segment.toLowerCase() === 'providers');
    return from === -1 ? undefined : descend(this.#extensions, segments.slice(from));
  }
}

/**
 * The segments of a request's path: decoded, without empty ones, because `az` writes `//` before a type.
 *
 * @throws KilnError `InvalidUri`.
 */
export function pathSegments(path: string): readonly string[] {
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch (cause) {
    throw armError('InvalidUri', { reason: 'it has a % that begins no character' }, { cause });
  }
  const segments = decoded.split('/').filter(segment => segment !== '');
  if (segments.length > MAX_SEGMENTS) throw armError('InvalidUri', { reason: 'it has too many segments' });
  for (const segment of segments) {
    if (segment === '.' || segment === '..') throw armError('InvalidUri', { reason: `\`${segment}\` is no name` });
    if (segment.length > MAX_NAME) throw armError('InvalidUri', { reason: 'a segment is too long' });
    if (hasControl(segment)) throw armError('InvalidUri', { reason: 'it has a control character' });
  }
  return segments;
}

const MAX_SEGMENTS = 40;
const MAX_NAME = 260;

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code === 0x7f || code === 0x5c) return true;
  }
  return false;
}

function node<T>(): Node<T> {
  return { literals: new Map(), parameter: undefined, operations: new Map() };
}

function below<T>(at: Node<T>, part: string): Node<T> {
  if (isParameter(part)) {
    at.parameter ??= node();
    return at.parameter;
  }
  const key = part.toLowerCase();
  const next = at.literals.get(key) ?? node<T>();
  at.literals.set(key, next);
  return next;
}

/** The node of a path, by literals where there are; steps back where a literal leads nowhere. */
function descend<T>(at: Node<T>, segments: readonly string[]): Node<T> | undefined {
  const [first, ...rest] = segments;
  if (first === undefined) return at;
  const literal = at.literals.get(first.toLowerCase());
  const found = literal && descend(literal, rest);
  if (found !== undefined && found.operations.size > 0) return found;
  return at.parameter === undefined ? found : (descend(at.parameter, rest) ?? found);
}

function matchOf<T extends Place>(operation: T, segments: readonly string[]): Match<T> {
  const parts = operation.path.split('/').filter(part => part !== '');
  const params: Record<string, string> = {};
  const spelt: string[] = [];
  // What a leading `{scope}` stands for is as many segments as the rest leaves over.
  const extra = segments.length - parts.length;
  for (const [index, part] of parts.entries()) {
    if (part === SCOPE) {
      const scope = segments.slice(0, index + extra + 1);
      params['scope'] = scope.join('/');
      spelt.push(...scope);
      continue;
    }
    const segment = segments[parts[0] === SCOPE ? index + extra : index] ?? '';
    if (isParameter(part)) params[part.slice(1, -1)] = segment;
    spelt.push(isParameter(part) ? segment : part);
  }
  return { operation, params, id: `/${spelt.join('/')}` };
}

function isParameter(part: string): boolean {
  return part.startsWith('{');
}
