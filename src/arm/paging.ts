import { armError } from '../errors/arm.ts';

/** How many resources a page has when the request does not say. */
export const PAGE_SIZE = 1000;

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
 * The body of a list. To know whether there is a page after it, hand over one element more than the page has.
 *
 * @param url of the request, of which the link to the next page is made
 */
export function pageBody<T>(
  found: readonly T[],
  page: Page,
  url: URL,
  show: (one: T) => unknown,
  keyOf: (one: T) => string,
): object {
  const shown = found.slice(0, page.size);
  const last = shown.at(-1);
  if (found.length <= page.size || last === undefined) return { value: shown.map(show) };
  const next = new URL(url);
  for (const name of ['$skiptoken', 'skip-token']) next.searchParams.delete(name);
  next.searchParams.set('$skipToken', Buffer.from(keyOf(last)).toString('base64url'));
  return { value: shown.map(show), nextLink: next.href };
}

function keyIn(token: string): string {
  const key = Buffer.from(token, 'base64url').toString();
  // Whatever else it is: text that is no key has no place in a query.
  if (!key.startsWith('/') || Buffer.from(key).toString('base64url') !== token) throw armError('InvalidSkipToken', {});
  return key;
}
