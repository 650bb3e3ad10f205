import { type ErrorKind, kinds, thrower } from './kiln-error.ts';

/** What the service answers to those who read blobs, with Azure Storage's codes and in its words. */
export const storageErrors = kinds({
  StorageAccountNotFound: {
    exit: 2,
    status: 404,
    summary: 'A blob is asked for in a storage account that does not exist.',
    message: p => `The storage account '${p.account}' does not exist.`,
    todo: () => 'Check the address.',
  } satisfies ErrorKind<{ account: string }>,
  ContainerNotFound: {
    exit: 2,
    status: 404,
    summary: 'A blob is asked for in a container that does not exist.',
    message: () => 'The specified container does not exist.',
    todo: () => 'Check the address.',
  } satisfies ErrorKind<object>,
  BlobNotFound: {
    exit: 2,
    status: 404,
    summary: 'A blob is asked for that does not exist.',
    message: () => 'The specified blob does not exist.',
    todo: () => 'Check the address. `?restype=container&comp=list` lists the blobs of a container.',
  } satisfies ErrorKind<object>,
  InvalidRange: {
    exit: 2,
    status: 416,
    summary: 'A part of a blob is asked for that it does not have.',
    message: () => 'The range specified is invalid for the current size of the resource.',
    todo: p => `The blob has ${p.size} bytes.`,
  } satisfies ErrorKind<{ size: number }>,
  AuthorizationFailure: {
    exit: 2,
    status: 403,
    summary: 'The signature in the address of a blob is not valid, not for that blob, or no longer valid.',
    message: p => `This request is not authorized to perform this operation: ${p.reason}.`,
    todo: () => 'Get a new address, or send a token.',
  } satisfies ErrorKind<{ reason: string }>,
  AuthorizationPermissionMismatch: {
    exit: 2,
    status: 403,
    summary: 'The signature in the address of a blob or container is good, but not for what is asked for.',
    message: p =>
      `This request is not authorized to perform this operation using this permission: the signature is for '${p.permission}', and this needs '${p.needed}'.`,
    todo: () => 'Get an address for `r`, to read blobs, for `l`, to list them, or for `rl`; or send a token.',
  } satisfies ErrorKind<{ permission: string; needed: string }>,
  ContainerInUse: {
    exit: 2,
    status: 409,
    summary:
      'A container is to be deleted while a run publishes to it, or while it is the place of the logs of a template.',
    message: p => `The container '${p.container}' cannot be deleted: ${p.reason}.`,
    todo: () => 'Wait for the end of the run, or delete the image template.',
  } satisfies ErrorKind<{ container: string; reason: string }>,
});

export const storageError = thrower(storageErrors);
