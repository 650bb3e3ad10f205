/**
 * A URI as messages show it: without user name, fragment, and the query, which may hold the signature
 * that whoever has it can read the blob with.
 */
export function shownUri(uri: string | URL): string {
  const url = typeof uri === 'string' ? parsedUri(uri) : uri;
  if (url === undefined) return uri.toString().replace(/[?#].*$/s, '?***');
  const query = url.search === '' ? '' : '?***';
  return url.host === ''
    ? `${url.protocol}${url.pathname}${query}`
    : `${url.protocol}//${url.host}${url.pathname}${query}`;
}

/** The URL when the text has a scheme; relative references and paths are `undefined`. */
export function parsedUri(uri: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]*:/i.test(uri) ? (URL.parse(uri) ?? undefined) : undefined;
}
