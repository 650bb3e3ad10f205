import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { identityError } from '../errors/identity.ts';
import { KilnError } from '../errors/kiln-error.ts';
import { BlobFiles } from '../providers/storage/blob-files.ts';
import { insertResource } from '../store/resources.ts';
import { acceptRun } from '../store/runs.ts';
import { storageBlobPath } from '../store/storage-blobs.ts';
import { storeFixture } from '../store/store.fixture.ts';
import { byteRange } from './blob-range.ts';
import { blobRoutes } from './blob-routes.ts';
import { blobSignatures } from './signed-url.ts';

const TOKEN = { authorization: 'Bearer good' };
const TEXT = 'the bytes of a disk';
const TEMPLATE = '/subscriptions/s/resourcegroups/rg/providers/microsoft.virtualmachineimages/imagetemplates/t';

/** A service with the account `images`, in it `vhds/a/disk.vhd`; and the staging account `staging` of a template. */
async function fixture() {
  const base = await storeFixture();
  const { store, home } = base;
  let now = new Date('2026-01-01T00:00:00Z');
  const signatures = blobSignatures(Buffer.alloc(32, 7), () => now);
  const put = async (name: string, text: string) => {
    const path = storageBlobPath(store, 'local', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  };
  const disk = await put('images/vhds/a/disk.vhd', TEXT);
  const id = '/subscriptions/s/resourceGroups/it/providers/Microsoft.Storage/storageAccounts/staging';
  await store.write(trx =>
    insertResource(trx, {
      ...{ id, type: 'Microsoft.Storage/storageAccounts', parentKey: undefined, location: 'local', tags: {}, body: {} },
      ...{ internal: { template: TEMPLATE }, provisioningState: 'Succeeded', createdBy: undefined },
    }),
  );
  const app = Fastify({ routerOptions: { caseSensitive: false, ignoreDuplicateSlashes: true } });
  app.setErrorHandler((error, _request, reply) =>
    reply.code(error instanceof KilnError ? error.status : 500).send('server'),
  );
  await app.register(scope =>
    blobRoutes(scope, {
      files: new BlobFiles(store, home),
      signatures,
      authenticate: async ({ authorization }) => {
        if (authorization !== TOKEN.authorization) throw identityError('AuthenticationFailed', {});
      },
    }),
  );
  return {
    ...{ store, home, signatures, put, disk },
    later: (time: string) => {
      now = new Date(time);
    },
    get: (url: string, headers: Record<string, string> = TOKEN, method: 'GET' | 'HEAD' = 'GET') =>
      app.inject({ method, url, headers }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await base[Symbol.asyncDispose]();
    },
  };
}

describe('a blob', () => {
  test('is read whole, in part, or not again', async () => {
    await using api = await fixture();
    const url = '/blobs/images/vhds/a/disk.vhd';
    const whole = await api.get(url);
    expect([whole.statusCode, whole.body]).toEqual([200, TEXT]);
    expect(whole.headers).toMatchObject({
      ...{
        'content-length': String(TEXT.length),
        'accept-ranges': 'bytes',
        'content-type': 'application/octet-stream',
      },
    });
    const etag = String(whole.headers.etag);
    const head = await api.get(url, TOKEN, 'HEAD');
    expect([head.statusCode, head.body, head.headers['content-length']]).toEqual([200, '', String(TEXT.length)]);
    const part = await api.get(url, { ...TOKEN, range: 'bytes=4-8', 'if-range': etag });
    expect([part.statusCode, part.body, part.headers['content-range']]).toEqual([
      206,
      'bytes',
      `bytes 4-8/${TEXT.length}`,
    ]);
    expect((await api.get(url, { ...TOKEN, range: 'bytes=4-8', 'if-range': '"other"' })).body).toBe(TEXT);
    expect((await api.get(url, { ...TOKEN, 'if-none-match': etag })).statusCode).toBe(304);
    const none = await api.get(url, { ...TOKEN, range: 'bytes=100-' });
    expect([none.statusCode, none.headers['content-range'], none.headers['x-ms-error-code']]).toEqual([
      ...[416, `bytes */${TEXT.length}`, 'InvalidRange'],
    ]);
    await api.put('images/vhds/a/disk.vhd', `${TEXT}s`);
    expect((await api.get(url)).headers.etag).not.toBe(etag);
    await api.put('images/vhds/empty', '');
    expect((await api.get('/blobs/images/vhds/empty')).statusCode).toBe(200);
  });

  test.each([
    ['no account', '/blobs/nobody/vhds/a', 'StorageAccountNotFound'],
    ['an account that is no name', '/blobs/IM/vhds/a', 'StorageAccountNotFound'],
    ['no container', '/blobs/images/none/a', 'ContainerNotFound'],
    ['no blob', '/blobs/images/vhds/none', 'BlobNotFound'],
    ['a directory', '/blobs/images/vhds/a', 'BlobNotFound'],
    ['a link out of the container', '/blobs/images/vhds/link', 'BlobNotFound'],
    ['a file behind a link', '/blobs/images/vhds/up/vhds/a/disk.vhd', 'BlobNotFound'],
    ['a file on a file', '/blobs/images/vhds/a/disk.vhd/x', 'BlobNotFound'],
    ['steps up', '/blobs/images/vhds/%2e%2e%2f%2e%2e%2fa', 'InvalidUri'],
    ['a backslash', '/blobs/images/vhds/..%5c..%5ca', 'InvalidUri'],
    ['a zero byte', '/blobs/images/vhds/a%00', 'InvalidUri'],
    ['a container as a blob', '/blobs/images/vhds', 'InvalidUri'],
  ])('is not read by the address of %s', async (_what, url, code) => {
    await using api = await fixture();
    await symlink(api.home.database, storageBlobPath(api.store, 'local', 'images/vhds/link'));
    await symlink(
      join(api.store.region('local').storage, 'images'),
      storageBlobPath(api.store, 'local', 'images/vhds/up'),
    );
    const answer = await api.get(url);
    expect([answer.headers['x-ms-error-code'], answer.statusCode]).toEqual([code, code === 'InvalidUri' ? 400 : 404]);
    expect(answer.body).toContain(`<Code>${code}</Code>`);
  });

  test('is read with a token, or with a signature for it or its container until that ends', async () => {
    await using api = await fixture();
    const path = '/blobs/images/vhds/a/disk.vhd';
    expect(await api.get(path, {})).toMatchObject({ statusCode: 401, body: 'server' });
    const end = new Date('2026-01-01T01:00:00Z');
    const { sign } = api.signatures;
    const [blob, container] = [sign(path, end, 'r'), sign('/blobs/images/vhds', end, 'rl')];
    expect((await api.get(`${path}?${blob}`, {})).body).toBe(TEXT);
    expect((await api.get(`${path}?${container}`, {})).body).toBe(TEXT);
    expect((await api.get(`/blobs/images/vhds?restype=container&comp=list&${container}`, {})).statusCode).toBe(200);
    const list = '/blobs/images/vhds?restype=container&comp=list';
    const mismatch = [
      `${list}&${sign('/blobs/images/vhds', end, 'r')}`,
      `${path}?${sign('/blobs/images/vhds', end, 'l')}`,
      `${path}?comp=list&${sign('/blobs/images/vhds', end, 'l')}`,
    ];
    for (const url of mismatch)
      expect((await api.get(url, {})).headers['x-ms-error-code']).toBe('AuthorizationPermissionMismatch');
    expect((await api.get(`${list}&${sign('/blobs/images/vhds', end, 'l')}`, {})).statusCode).toBe(200);
    await api.put('images/vhds/b', 'b');
    await api.put('images/other/b', 'b');
    const refused = [
      `/blobs/images/vhds/b?${blob}`,
      `/blobs/images/other/b?${container}`,
      `/blobs/images?comp=list&${container}`,
      `${path}?${blob.replace('2026', '2027')}`,
      `${path}?${blob.replace('sr=b', 'sr=c')}`,
      `${list}&${sign('/blobs/images/vhds', end, 'r').replace('sp=r', 'sp=rl')}`,
      `${path}?${blob.slice(0, -1)}`,
      `${path}?sig=`,
    ];
    for (const url of refused) expect((await api.get(url, {})).headers['x-ms-error-code']).toBe('AuthorizationFailure');
    api.later('2026-01-01T01:00:00Z');
    expect((await api.get(`${path}?${blob}`, {})).statusCode).toBe(403);
  });
});

test('lists have what is there, page by page', async () => {
  await using api = await fixture();
  for (const name of ['b&c', 'a.b', 'a/z']) await api.put(`images/vhds/${name}`, 'x');
  const list = async (query: string) => {
    const { body } = await api.get(`/blobs/images/vhds?restype=container&comp=list${query}`);
    const [, next = ''] = /<NextMarker>([^<]*)</.exec(body) ?? [];
    return { names: [...body.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name), next };
  };
  expect((await list('')).names).toEqual(['a.b', 'a/disk.vhd', 'a/z', 'b&amp;c']);
  expect((await list('&prefix=a/')).names).toEqual(['a/disk.vhd', 'a/z']);
  const first = await list('&maxresults=3');
  expect(first.names).toHaveLength(3);
  expect((await list(`&maxresults=3&marker=${first.next}`)).names).toEqual(['b&amp;c']);
  expect((await api.get('/blobs/images?comp=list')).body).toContain('<Container><Name>vhds</Name>');
});

test("logs of a template's runs are in its staging account, and those of others are not", async () => {
  await using api = await fixture();
  const accepted = {
    templateName: 't',
    operationId: '',
    correlationId: '',
    acceptedAt: '2026-01-01',
    request: {},
    cpus: 1,
    memoryMiB: 1,
  };
  const runs = { ours: TEMPLATE, other: `${TEMPLATE}2` };
  for (const [id, templateKey] of Object.entries(runs)) {
    await api.store.write(trx => acceptRun(trx, { ...accepted, id, templateKey }));
    await mkdir(join(api.home.runs, id), { recursive: true });
    await writeFile(join(api.home.runs, id, 'customization.log'), `log of ${id}`);
    await writeFile(join(api.home.runs, id, 'events.jsonl'), 'not a log');
  }
  const ours = await api.get('/blobs/staging/packerlogs/ours/customization.log', { ...TOKEN, range: 'bytes=-4' });
  expect([ours.statusCode, ours.body, ours.headers['content-type']]).toEqual([
    206,
    'ours',
    'text/plain; charset=utf-8',
  ]);
  for (const path of [
    'other/customization.log',
    'ours/events.jsonl',
    'ours/validation.log',
    'ours',
    'ours/customization.log/x',
  ]) {
    expect((await api.get(`/blobs/staging/packerlogs/${path}`)).statusCode).toBe(404);
  }
  const { body } = await api.get('/blobs/staging/packerlogs?restype=container&comp=list');
  expect([...body.matchAll(/<Name>([^<]*)</g)].map(([, name]) => name)).toEqual(['ours/customization.log']);
});

test('a range is within the blob, or there is none', () => {
  fc.assert(
    fc.property(
      fc.nat(50),
      fc.option(fc.nat(60), { nil: '' as const }),
      fc.option(fc.nat(60), { nil: '' as const }),
      (size, a, b) => {
        const bytes = Array.from({ length: size }, (_, i) => i);
        // As RFC 9110 has it: the last of so many bytes, or those from a first to a last one.
        const wanted =
          a === '' ? (b === '' ? bytes : bytes.slice(Math.max(0, size - b))) : bytes.slice(a, b === '' ? size : b + 1);
        const ignored = (a === '' && b === '') || (a !== '' && b !== '' && b < a);
        if (!ignored && wanted.length === 0) {
          expect(() => byteRange(`bytes=${a}-${b}`, size)).toThrow('range specified is invalid');
          return;
        }
        const range = byteRange(`bytes=${a}-${b}`, size);
        expect(range === undefined).toBe(ignored);
        if (range !== undefined) expect(bytes.slice(range.start, range.end + 1)).toEqual(wanted);
      },
    ),
  );
  for (const header of [undefined, 'bytes=0-1,3-4', 'lines=1-2', 'bytes=x-'])
    expect(byteRange(header, 10)).toBeUndefined();
});
