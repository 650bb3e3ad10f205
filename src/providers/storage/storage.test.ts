import { cp, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ensureResourceGroup } from '../../galleries/ensure.ts';
import { publishVhd } from '../../galleries/vhd.ts';
import { sweepStore } from '../../store/garbage.ts';
import { insertResource } from '../../store/resources.ts';
import { storageBlobPath } from '../../store/storage-blobs.ts';
import { type ProviderFixture, providerFixture, SUBSCRIPTION } from '../provider.fixture.ts';
import { removeContent } from './accounts.ts';
import { storageProvider } from './provider.ts';

const GROUP = `/subscriptions/${SUBSCRIPTION}/resourceGroups/rg`;
const ACCOUNTS = `${GROUP}/providers/Microsoft.Storage/storageAccounts`;
const ACCOUNT = `${ACCOUNTS}/images01`;
const CONTAINERS = `${ACCOUNT}/blobServices/default/containers`;
const BODY = { location: 'westeurope', sku: { name: 'Standard_LRS' }, kind: 'StorageV2' };

async function fixture(): Promise<ProviderFixture> {
  const api = await providerFixture(services => [storageProvider(services)]);
  const group = { subscription: SUBSCRIPTION, resourceGroup: 'rg' };
  await api.store.write(trx =>
    ensureResourceGroup(trx, group, { strict: false, location: 'local', emit: () => undefined }),
  );
  return api;
}

async function vhd(api: ProviderFixture, uri: string) {
  const file = await api.file('vhd');
  return publishVhd(api.store, {
    ...{ to: { uri }, region: 'local', tags: {}, runOutputName: 'out', signal: new AbortController().signal },
    disk: {
      ...{ ...file, virtualSizeBytes: 1024, os: 'Linux', generation: 'V2', runId: 'r', takeOver: () => false },
      ...{ sourceDigest: 'd', sourceName: 's' },
    },
  });
}

function codeOf({ body }: { readonly body?: unknown }): string {
  return (body as { error: { code: string } }).error.code;
}

describe('storage accounts', () => {
  test('a VHD whose address names one lies in its region, and goes with it', async () => {
    await using api = await fixture();
    expect(await api.call('PUT', ACCOUNT, BODY)).toMatchObject({
      status: 200,
      body: { id: ACCOUNT, properties: { primaryEndpoints: { blob: 'https://localhost:8443/blobs/images01/' } } },
    });
    const { path } = await vhd(api, 'https://images01.blob.core.windows.net/vhds/a.vhd');
    expect(path).toBe(storageBlobPath(api.store, 'westeurope', 'images01/vhds/a.vhd'));
    expect((await api.call('GET', CONTAINERS)).body).toMatchObject({
      value: [{ id: `${CONTAINERS}/vhds`, name: 'vhds' }],
    });
    expect((await api.call('DELETE', ACCOUNT)).status).toBe(200);
    await expect(stat(dirname(dirname(path)))).rejects.toThrow('ENOENT');
    expect(await api.store.db.selectFrom('vhds').selectAll().execute()).toEqual([]);
    expect((await api.call('DELETE', ACCOUNT)).status).toBe(204);
    expect((await api.call('PUT', ACCOUNT, { ...BODY, location: 'local' })).status).toBe(200);
  });

  test('a name is taken once at a site, also by builds of the command line', async () => {
    await using api = await fixture();
    await api.call('PUT', ACCOUNT, BODY);
    await vhd(api, 'https://cmdline.blob.core.windows.net/vhds/a.vhd');
    const other = { subscription: SUBSCRIPTION, resourceGroup: 'rg2' };
    await api.store.write(trx =>
      ensureResourceGroup(trx, other, { strict: false, location: 'local', emit: () => undefined }),
    );
    const refused = [
      await api.call('PUT', ACCOUNT.replace('/rg/', '/rg2/'), BODY),
      await api.call('PUT', `${ACCOUNTS}/cmdline`, BODY),
      await api.call('PUT', `${ACCOUNTS}/Upper`, BODY),
      await api.call('PUT', `${ACCOUNTS}/images02`, { location: 'local' }),
      await api.call('PUT', `${ACCOUNTS}/images02`, { ...BODY, properties: { allowBlobPublicAccess: true } }),
      await api.call('PUT', `${ACCOUNTS}/images02`, { ...BODY, properties: { isHnsEnabled: true } }),
    ];
    expect(refused.map(codeOf)).toEqual([
      ...['StorageAccountAlreadyTaken', 'StorageAccountAlreadyTaken', 'InvalidResourceName'],
      ...['InvalidParameter', 'InvalidParameter', 'InvalidParameter'],
    ]);
    const check = async (name: string) => {
      const { body } = await api.call(
        'POST',
        `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Storage/checkNameAvailability`,
        { name },
      );
      return (body as { reason?: string }).reason;
    };
    expect(await Promise.all(['images01', 'cmdline', 'UPPER', 'free'].map(check))).toEqual([
      ...['AlreadyExists', 'AlreadyExists', 'AccountNameInvalid', undefined],
    ]);
  });

  test('that of a template stays as long as the template does', async () => {
    await using api = await fixture();
    const template = `${GROUP}/providers/Microsoft.VirtualMachineImages/imageTemplates/t`;
    const id = `${ACCOUNTS}/staging01`;
    const common = { parentKey: undefined, location: 'local', tags: {}, body: {}, createdBy: undefined } as const;
    await api.store.write(async trx => {
      const type = 'Microsoft.VirtualMachineImages/imageTemplates';
      await insertResource(trx, { ...common, id: template, type, internal: {}, provisioningState: 'Succeeded' });
      const internal = { template: template.toLowerCase() };
      await insertResource(trx, {
        ...{ ...common, id, type: 'Microsoft.Storage/storageAccounts', internal, provisioningState: 'Succeeded' },
      });
    });
    const containers = `${id}/blobServices/default/containers`;
    expect((await api.call('GET', containers)).body).toMatchObject({ value: [{ name: 'packerlogs' }] });
    expect(codeOf(await api.call('DELETE', `${containers}/packerlogs`))).toBe('ContainerInUse');
    expect(codeOf(await api.call('DELETE', id))).toBe('ResourceInUse');
    await api.store.write(trx => trx.deleteFrom('resources').where('id', '=', template).execute());
    expect((await api.call('DELETE', id)).status).toBe(200);
  });

  test('there are no keys, but signatures for a blob or a container', async () => {
    await using api = await fixture();
    await api.call('PUT', ACCOUNT, BODY);
    expect(codeOf(await api.call('POST', `${ACCOUNT}/listKeys`))).toBe('FeatureNotSupportedForAccount');
    const soon = new Date(Date.now() + 60_000).toISOString();
    const ask = (more: object) =>
      api.call('POST', `${ACCOUNT}/listServiceSas`, { signedPermission: 'r', signedExpiry: soon, ...more });
    const signed = async (more: object) => {
      const { serviceSasToken } = (await ask(more)).body as { serviceSasToken: string };
      const query = new URLSearchParams(serviceSasToken);
      return [query.get('path'), query.get('sp')];
    };
    const blob = '/blob/images01/vhds/a/b.vhd';
    expect(await signed({ canonicalizedResource: blob, signedResource: 'b' })).toEqual([
      '/blobs/images01/vhds/a/b.vhd',
      'r',
    ]);
    const container = { canonicalizedResource: blob, signedResource: 'c' };
    for (const [asked, given] of [
      ['r', 'r'],
      ['l', 'l'],
      ['lrl', 'rl'],
      [undefined, 'rl'],
    ]) {
      expect(await signed({ ...container, signedPermission: asked })).toEqual(['/blobs/images01/vhds', given]);
    }
    const refused = [
      await ask({ canonicalizedResource: '/blob/other/vhds/a.vhd' }),
      await ask({ canonicalizedResource: '/blob/images01/vhds', signedResource: 'b' }),
      await ask({ canonicalizedResource: blob, signedPermission: 'rw' }),
      await ask({ canonicalizedResource: blob, signedPermission: 'rl' }),
      await ask({ canonicalizedResource: blob, signedExpiry: '2099-01-01T00:00:00Z' }),
    ];
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'InvalidParameter'));
  });
});

test('a name is free when all that is left of an account is an empty directory', async () => {
  await using api = await fixture();
  // As a service of before left it that was killed while it made the account.
  await mkdir(join(api.store.region('local').storage, 'images01'), { recursive: true });
  expect((await api.call('PUT', ACCOUNT, BODY)).status).toBe(200);
  const { path } = await vhd(api, 'https://images01.blob.core.windows.net/vhds/a.vhd');
  expect(path).toBe(storageBlobPath(api.store, 'westeurope', 'images01/vhds/a.vhd'));
});

test('an account that is refused after all leaves nothing behind, and its name is free', async () => {
  await using api = await fixture();
  const tooMany = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`t${i}`, '']));
  expect((await api.call('PUT', ACCOUNT, { ...BODY, tags: tooMany })).status).toBe(400);
  await expect(stat(join(api.store.region('westeurope').storage, 'images01'))).rejects.toThrow('ENOENT');
  expect((await api.call('PUT', ACCOUNT, { ...BODY, location: 'local' })).status).toBe(200);
});

test('files are removed after the transaction, by the next sweep if there is nobody left to do it', async () => {
  await using api = await fixture();
  await api.call('PUT', ACCOUNT, BODY);
  const { path } = await vhd(api, 'https://images01.blob.core.windows.net/vhds/a/b.vhd');
  const { incoming, storage } = api.store.region('westeurope');
  const removeFiles = await api.store.write(trx => removeContent(api.store, trx, 'westeurope', 'images01'));
  await expect(stat(path)).rejects.toThrow('ENOENT');
  const [away = ''] = await readdir(incoming);
  expect(await readdir(join(incoming, away, 'vhds/a'))).toEqual(['b.vhd']);
  // What a process leaves that is gone: none has this start time.
  const left = `${process.pid}-1-0123456789abcdef`;
  await cp(join(incoming, away), join(incoming, left), { recursive: true });
  await sweepStore(api.store);
  expect(await readdir(incoming)).toEqual([away]);
  await removeFiles();
  expect([await readdir(incoming), await readdir(storage)]).toEqual([[], []]);
});

test('containers are made and removed with what is in them', async () => {
  await using api = await fixture();
  await api.call('PUT', ACCOUNT, BODY);
  const id = `${CONTAINERS}/my-files`;
  expect(await api.call('PUT', id, {})).toMatchObject({
    status: 201,
    body: { id, properties: { publicAccess: 'None' } },
  });
  expect((await api.call('PUT', id, {})).status).toBe(200);
  expect(codeOf(await api.call('PUT', `${CONTAINERS}/My`, {}))).toBe('InvalidResourceName');
  expect(codeOf(await api.call('PUT', id, { properties: { publicAccess: 'Blob' } }))).toBe('InvalidParameter');
  const path = storageBlobPath(api.store, 'westeurope', 'images01/my-files/a/b.txt');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'text');
  expect((await api.call('DELETE', id)).status).toBe(200);
  await expect(stat(path)).rejects.toThrow('ENOENT');
  expect((await api.call('GET', id)).status).toBe(404);
  expect((await api.call('DELETE', id)).status).toBe(204);
});
