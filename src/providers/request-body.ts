import { armError } from '../errors/arm.ts';

/** Deeper than any resource; far less deep than what could exhaust the stack of a parser. */
const MAX_DEPTH = 64;

type Json = Readonly<Record<string, unknown>>;

/**
 * The value of a request's body. `PUT` and `PATCH` need an object; the other methods may have none.
 *
 * @throws KilnError `InvalidRequestContent`.
 */
export function jsonBody(method: string, text: string): unknown {
  const needed = method === 'PUT' || method === 'PATCH';
  if (text.trim() === '') {
    if (needed) throw armError('InvalidRequestContent', { reason: 'the body is empty' });
    return undefined;
  }
  checkDepth(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw armError('InvalidRequestContent', { reason: (cause as Error).message }, { cause });
  }
  if (needed && !isObject(value)) {
    throw armError('InvalidRequestContent', { reason: 'the body is not a JSON object' });
  }
  return value;
}

/**
 * Refuses a body whose objects and arrays are nested too deep, before a parser sees it.
 *
 * @throws KilnError `InvalidRequestContent`.
 */
export function checkDepth(text: string): void {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const character = text.charCodeAt(i);
    if (inString) {
      if (character === BACKSLASH) i += 1;
      else if (character === QUOTE) inString = false;
    } else if (character === QUOTE) inString = true;
    else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth > MAX_DEPTH) {
        throw armError('InvalidRequestContent', { reason: `it is nested deeper than ${MAX_DEPTH} levels` });
      }
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) depth -= 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of a body that has to be an object if it is there. */
export function objectIn(body: unknown, name: string): Json {
  const value = isObject(body) ? body[name] : undefined;
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value;
  throw armError('InvalidRequestContent', { reason: `\`${name}\` is not an object` });
}

/**
 * The tags in a body.
 *
 * @throws KilnError `InvalidRequestContent` when they are not text by name, or more than Azure takes.
 */
export function tagsIn(body: unknown): Readonly<Record<string, string>> {
  const tags = objectIn(body, 'tags');
  const entries = Object.entries(tags);
  if (entries.length > 50) throw armError('InvalidRequestContent', { reason: 'there are more than 50 tags' });
  for (const [name, value] of entries) {
    if (typeof value !== 'string')
      throw armError('InvalidRequestContent', { reason: `the tag \`${name}\` is not text` });
    if (name.length > 512 || value.length > 256) {
      throw armError('InvalidRequestContent', { reason: `the tag \`${name.slice(0, 40)}\` is too long` });
    }
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
