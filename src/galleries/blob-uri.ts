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
  const read = readBlobUri(uri);
  if (typeof read !== 'string') return read;
  const shown = uri.replace(/[?#].*$/s, '?…').replace(/\/\/[^/]*@/, '//…@');
  throw storeError('VhdUriInvalid', { uri: shown, reason: read });
}

/** Why a text is not the destination of a VHD; `undefined` when it is one. */
export function blobUriProblem(uri: string): string | undefined {
  const read = readBlobUri(uri);
  return typeof read === 'string' ? read : undefined;
}

/** The blob, or what is wrong with its URI. */
function readBlobUri(uri: string): BlobUri | string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)\/?(.*)$/is.exec(uri) ?? [];
  if (scheme.toLowerCase() !== 'https') return 'it does not begin with `https://`';
  if (/[?#]/.test(uri)) return 'it has a query or a fragment';
  if (host.includes('@') || host.includes(':')) return 'it has a user or a port';
  const [account = '', kind = '', ...suffix] = host.toLowerCase().split('.');
  if (!ACCOUNT.test(account)) return 'a storage account has 3 to 24 lower-case letters and digits';
  if (kind !== 'blob' || !SUFFIX.test(suffix.join('.'))) return 'its host is not `<account>.blob.<suffix>`';
  const encoded = rest.split('/');
  const wrong = encoded.find(part => decoded(part) === undefined);
  if (wrong !== undefined) return `\`${wrong}\` is not encoded as a URI`;
  const [container = '', ...parts] = encoded.map(part => decoded(part) ?? '');
  if (!CONTAINER.test(container)) {
    return 'a container has 3 to 63 lower-case letters, digits and single dashes between them';
  }
  if (parts.length === 0) return 'it names no blob in the container';
  const bad = parts.find(part => !PART.test(part));
  if (bad !== undefined) return `\`${bad}\` cannot be part of the name of a file`;
  const path = parts.join('/');
  return path.length > LONGEST_PATH
    ? `its path has more than ${LONGEST_PATH} characters`
    : { account, container, path };
}

export function isContainerName(name: string): boolean {
  return CONTAINER.test(name);
}

/** How a region keeps a blob: its name in the database, and its place below the region's storage. */
export function blobName({ account, container, path }: BlobUri): string {
  return `${account}/${container}/${path}`;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
