import { join } from 'node:path';

/** Every name in the directory of the service, once. `docs/internals.md` describes them. */
export interface ServiceDirectory {
  readonly root: string;
  /** Locked by the service that works on this home. */
  readonly lock: string;
  /** Where the service was reached last, and by which process. */
  readonly address: string;
  /** Certificate of the local authority that signs the server's: what clients have to trust. */
  readonly authority: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly certificateKey: string;
  /** One file for each key that signs tokens, or did lately. */
  readonly signingKeys: string;
  /** Key of the signatures in addresses of blobs. */
  readonly blobKey: string;
  /** Seals the parameters of deployments that are at work. */
  readonly deploymentKey: string;
}

export function serviceDirectory(root: string): ServiceDirectory {
  return {
    root,
    lock: join(root, 'lock'),
    address: join(root, 'address.json'),
    authority: join(root, 'ca.pem'),
    authorityKey: join(root, 'ca.key'),
    certificate: join(root, 'server.pem'),
    certificateKey: join(root, 'server.key'),
    signingKeys: join(root, 'signing-keys'),
    blobKey: join(root, 'blob-signatures.key'),
    deploymentKey: join(root, 'deployments.key'),
  };
}
