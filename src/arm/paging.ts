import { armError } from '../errors/arm.ts';

/** How many resources a page has when the request does not say. */
export const PAGE_SIZE = 1000;
/** A page that has grown to this many bytes of JSON ends, however few resources are on it. */
export const PAGE_BYTES = 8 * 1024 * 1024;

export interface Page {
  /** Key of the last resource of the page before; nothing for the first. */
  readonly after: string | undefined;
  readonly size: number;
}

/** @throws KilnError `InvalidSkipToken`, `InvalidParameter`. */
export function pageOf(query: URLSearchParams): Page {
  const token = query.get('$skipToken') ?? query.get('$skiptoken') ?? query.get('skip-token');
  const top = query.get('$top');
  const size = top === null ? PAGE_SIZE : Number(top);
  if (!Number.isInteger(size) || size < 1) {
    throw armError('InvalidParameter', { name: '$top', reason: 'it is not a whole number above 0' });
  }
  return { after: token === null ? undefined : keyIn(token), size: Math.min(size, PAGE_SIZE) };
}

/**
 * The body of a list. To know whether there is a page after it, hand over one element more than the page has, or `next`.
 *
 * @param url of the request, of which the link to the next page is made
 * @param next what the page after all that was found comes after, if there is more than was found
 */
export function pageBody<T>(
  found: readonly T[],
  page: Page,
  url: URL,
  show: (one: T) => unknown,
  keyOf: (one: T) => string,
  next?: string,
): object {
  const value: unknown[] = [];
  let bytes = 0;
  for (const one of found.slice(0, page.size)) {
    if (bytes >= PAGE_BYTES) break;
    const shown = show(one);
    value.push(shown);
    bytes += jsonBytes(shown);
  }
  const last = found[value.length - 1];
  const after = value.length < found.length && last !== undefined ? keyOf(last) : next;
  return after === undefined ? { value } : { value, nextLink: linkAfter(after, url) };
}

/** How much of a page an element takes. */
export function jsonBytes(shown: unknown): number {
  return Buffer.byteLength(JSON.stringify(shown) ?? '');
}

function linkAfter(key: string, url: URL): string {
  const next = new URL(url);
  for (const name of ['$skiptoken', 'skip-token']) next.searchParams.delete(name);
  next.searchParams.set('$skipToken', Buffer.from(key).toString('base64url'));
  return next.href;
}

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  // Whatever else it is: text that is no key has no place in a query.
  if (!key.startsWith('/') || Buffer.from(key).toString('base64url') !== token) throw armError('InvalidSkipToken', {});
  return key;
}
