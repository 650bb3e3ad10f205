import { type BlobUri, blobUriProblem, parseBlobUri } from '../galleries/blob-uri.ts';

/** Path of the blobs of all storage accounts, below the service's address. */
export const BLOBS = '/blobs';

/** Where clients find the blobs of a storage account, with `/` at the end. */
export function accountAddress(baseUrl: string, account: string): string {
  return `${baseUrl}${BLOBS}/${account}/`;
}

/**
 * The blob at an address: one of this service, or one in the form that Azure's have, by which templates name VHDs. A text says what is
 * wrong with the address.
 */
export function blobIn(uri: string, baseUrl: string): BlobUri | string {
  const base = `${baseUrl}${BLOBS}/`;
  if (!uri.startsWith(base)) return blobUriProblem(uri) ?? parseBlobUri(uri);
  const [account = '', ...rest] = uri.slice(base.length).split('/');
  const azures = `https://${account}.blob.local/${rest.join('/')}`;
  return blobUriProblem(azures) ?? parseBlobUri(azures);
}
