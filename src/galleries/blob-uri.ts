import { storeError } from '../errors/store.ts';

/** A blob of a storage account, by its URI `https://<account>.blob.<suffix>/<container>/<path>`. */
export interface BlobUri {
  readonly account: string;
  readonly container: string;
  /** Decoded, with `/` between its parts. */
  readonly path: string;
}

const ACCOUNT = /^[a-z0-9]{3,24}$/;
const SUFFIX = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const CONTAINER = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
/** A file name on any system. What the service allows beyond it is not worth what could go wrong with it. */
const PART = /^[A-Za-z0-9_](?:[\w .~()+=,@$!'&-]{0,198}[\w~()+=,@$!'&-])?$/;
const LONGEST_PATH = 1024;

/**
 * Reads the destination of a VHD. Each part becomes the name of a directory or file, so it is held to names that are fit for
 * that. What can hold a secret (a user, a query with a signature) is refused: the URI is recorded and shown.
 *
 * @throws KilnError `VhdUriInvalid`.
 */
export function parseBlobUri(uri: string): BlobUri {
  const shown = uri.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
  const fail = (reason: string) => storeError('VhdUriInvalid', { uri: shown, reason });
  const [, scheme = '', host = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)\/?(.*)$/is.exec(uri) ?? [];
  if (scheme.toLowerCase() !== 'https') throw fail('it does not begin with `https://`');
  if (/[?#]/.test(uri)) throw fail('it has a query or a fragment');
  if (host.includes('@') || host.includes(':')) throw fail('it has a user or a port');
  const [account = '', kind = '', ...suffix] = host.toLowerCase().split('.');
  if (!ACCOUNT.test(account)) throw fail('a storage account has 3 to 24 lower-case letters and digits');
  if (kind !== 'blob' || !SUFFIX.test(suffix.join('.'))) throw fail('its host is not `<account>.blob.<suffix>`');
  const [container = '', ...parts] = rest.split('/').map(part => decoded(part, fail));
  if (!CONTAINER.test(container)) {
    throw fail('a container has 3 to 63 lower-case letters, digits and single dashes between them');
  }
  if (parts.length === 0) throw fail('it names no blob in the container');
  const bad = parts.find(part => !PART.test(part));
  if (bad !== undefined) throw fail(`\`${bad}\` cannot be part of the name of a file`);
  const path = parts.join('/');
  if (path.length > LONGEST_PATH) throw fail(`its path has more than ${LONGEST_PATH} characters`);
  return { account, container, path };
}

/** How a region keeps a blob: its name in the database, and its place below the region's storage. */
export function blobName({ account, container, path }: BlobUri): string {
  return `${account}/${container}/${path}`;
}

function decoded(part: string, fail: (reason: string) => Error): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw fail(`\`${part}\` is not encoded as a URI`);
  }
}
