import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { armError } from '../../errors/arm.ts';
import { storageError } from '../../errors/storage.ts';
import { isContainerName } from '../../galleries/blob-uri.ts';
import type { StoredResource } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import type { ArmOperation, ArmRequest, ArmResponse } from '../provider.ts';
import { objectIn } from '../request-body.ts';
import type { ProviderServices } from '../services.ts';
import { notFound, requireResource } from '../stored-type.ts';
import { refusePublishing, removeContent, templateOf } from './accounts.ts';
import { BLOB_SERVICE, BLOB_SERVICES, CONTAINER, CONTAINER_TYPE, CONTAINERS, LOGS } from './places.ts';

/** Containers are directories: a run that publishes a VHD makes the one that it needs. */
export function containerOperations({ store }: Pick<ProviderServices, 'store'>): readonly ArmOperation[] {
  const read = `${CONTAINER_TYPE}/read`;
  const service = 'Microsoft.Storage/storageAccounts/blobServices/read';
  return [
    {
      method: 'GET',
      path: BLOB_SERVICES,
      action: service,
      handle: async request => {
        await accountOf(store, request);
        return { status: 200, body: { value: [serviceAt(`${request.id}/default`)] } };
      },
    },
    {
      method: 'GET',
      path: BLOB_SERVICE,
      action: service,
      handle: async request => {
        await accountOf(store, request);
        return { status: 200, body: serviceAt(request.id) };
      },
    },
    { method: 'GET', path: CONTAINERS, action: read, handle: request => listContainers(store, request) },
    { method: 'GET', path: CONTAINER, action: read, handle: request => getContainer(store, request) },
    {
      method: 'PUT',
      path: CONTAINER,
      action: `${CONTAINER_TYPE}/write`,
      handle: request => putContainer(store, request),
    },
    {
      method: 'DELETE',
      path: CONTAINER,
      action: `${CONTAINER_TYPE}/delete`,
      handle: request => deleteContainer(store, request),
    },
  ];
}

async function listContainers(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const account = await accountOf(store, request);
  const names = await containersOf(store, account);
  const value = await Promise.all(names.map(name => shown(store, account, `${request.id}/${name}`)));
  return { status: 200, body: { value } };
}

async function getContainer(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const account = await accountOf(store, request);
  if (!(await containersOf(store, account)).includes(nameIn(request))) throw notFound(request.id);
  return { status: 200, body: await shown(store, account, request.id) };
}

async function putContainer(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const account = await accountOf(store, request);
  const name = nameIn(request);
  if (!isContainerName(name)) {
    const rule = 'it has 3 to 63 lower-case letters, digits and single dashes between them';
    throw armError('InvalidResourceName', { name, type: CONTAINER_TYPE, rule });
  }
  const { publicAccess = 'None' } = objectIn(request.body, 'properties');
  if (publicAccess !== 'None') {
    const reason = 'blobs are read with a token or a signature only';
    throw armError('InvalidParameter', { name: 'properties.publicAccess', reason });
  }
  const there = (await containersOf(store, account)).includes(name);
  if (!there) await mkdir(directoryOf(store, account, name), { recursive: true, mode: 0o755 });
  return { status: there ? 200 : 201, body: await shown(store, account, request.id) };
}

async function deleteContainer(store: Store, request: ArmRequest): Promise<ArmResponse> {
  const removeFiles = await store.write(async trx => {
    const account = await requireResource(trx, accountId(request));
    const name = nameIn(request);
    if (!(await containersOf(store, account)).includes(name)) return undefined;
    if (name === LOGS && templateOf(account) !== undefined) {
      throw storageError('ContainerInUse', { container: name, reason: 'the logs of an image template are there' });
    }
    await refusePublishing(trx, request.id, `${account.name}/${name}/`);
    return removeContent(store, trx, account.location ?? '', `${account.name}/${name}`);
  });
  await removeFiles?.();
  return { status: removeFiles === undefined ? 204 : 200 };
}

/** Names of the containers of an account, in order. A staging account has one for logs, which lie with the runs. */
export async function containersOf(
  store: Store,
  account: Pick<StoredResource, 'name' | 'location' | 'internal'>,
): Promise<readonly string[]> {
  const directory = join(store.region(account.location ?? '').storage, account.name);
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const names = entries.filter(entry => entry.isDirectory() && isContainerName(entry.name)).map(({ name }) => name);
  return [...new Set([...names, ...(templateOf(account) !== undefined ? [LOGS] : [])])].sort();
}

async function shown(store: Store, account: StoredResource, id: string): Promise<object> {
  const name = id.slice(id.lastIndexOf('/') + 1);
  const directory = directoryOf(store, account, name);
  const modified = await stat(directory).then(
    ({ mtime }) => mtime.toISOString(),
    () => account.createdAt,
  );
  const properties = {
    ...{ publicAccess: 'None', leaseStatus: 'Unlocked', leaseState: 'Available', lastModifiedTime: modified },
    ...{ hasImmutabilityPolicy: false, hasLegalHold: false },
  };
  return { id, name, type: CONTAINER_TYPE, properties };
}

function serviceAt(id: string): object {
  const type = 'Microsoft.Storage/storageAccounts/blobServices';
  return {
    id,
    name: 'default',
    type,
    properties: { deleteRetentionPolicy: { enabled: false }, isVersioningEnabled: false },
  };
}

function directoryOf(store: Store, account: StoredResource, container: string): string {
  return join(store.region(account.location ?? '').storage, account.name, container);
}

function accountOf(store: Store, request: ArmRequest): Promise<StoredResource> {
  return requireResource(store.db, accountId(request));
}

/** Id of the account that a request is about something of. */
function accountId({ id }: ArmRequest): string {
  return id.split('/').slice(0, 9).join('/');
}

function nameIn({ params }: ArmRequest): string {
  return params['containerName'] ?? '';
}
