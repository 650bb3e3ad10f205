import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sweepStore } from '../store/garbage.ts';
import { latestRunOutput } from '../store/runs.ts';
import { type StoreFixture, storeFixture } from '../store/store.fixture.ts';
import { listPublished } from './list.ts';
import { removeVhd } from './remove.ts';
import { publishVhd } from './vhd.ts';

const URI = 'https://images.blob.core.windows.net/vhds/linux/web.vhd';

interface More {
  readonly uri?: string;
  readonly signal?: AbortSignal;
  readonly region?: string;
}

async function publish(fixture: StoreFixture, text: string, more: More = {}) {
  const disk = {
    ...(await fixture.file(text)),
    ...({ virtualSizeBytes: 4096, os: 'Linux', generation: 'V2', runId: `run-${text}` } as const),
    ...{ sourceDigest: 'kdt1:source', sourceName: 'Debian:debian-12:12-gen2:12.0.1', takeOver: () => false },
  };
  return publishVhd(fixture.store, {
    ...{ region: more.region ?? 'local', disk, tags: { team: 'web' }, runOutputName: 'out' },
    to: { uri: more.uri ?? URI },
    signal: more.signal ?? new AbortController().signal,
  });
}

function rows({ store }: StoreFixture) {
  return store.db.selectFrom('vhds').select(['name', 'status', 'run_id']).execute();
}

test('a VHD becomes the blob that its URI names, and a later one takes its place', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const { storage, incoming } = store.region('local');
  const { path } = await publish(fixture, 'one');
  expect(path).toBe(join(storage, 'images', 'vhds', 'linux', 'web.vhd'));
  const second = await publish(fixture, 'two');
  expect(second).toEqual({ path, uri: URI });
  expect(await readFile(path, 'utf8')).toBe('two');
  expect((await stat(path)).mode & 0o777).toBe(0o444);
  expect(await listPublished(store)).toEqual([
    expect.objectContaining({ type: 'VHD', id: URI, runId: 'run-two', copies: [{ region: 'local', path }] }),
  ]);
  expect(await latestRunOutput(store, 'out')).toMatchObject({ runId: 'run-two', artifactUri: URI, path });
  expect(await readdir(incoming)).toEqual([]);
  expect((await sweepStore(store)).removed).toEqual([]);
  await removeVhd(store, URI);
  // The container stays; the directory that was part of the blob's name does not.
  expect(await readdir(join(storage, 'images', 'vhds'))).toEqual([]);
  await expect(removeVhd(store, path)).rejects.toMatchObject({ code: 'ImageNotFound' });
});

test('one that is aborted leaves the older blob, known or not, as it was', async () => {
  await using fixture = await storeFixture();
  const { path } = await publish(fixture, 'one');
  const unknown = join(dirname(path), 'of-a-user.vhd');
  await writeFile(unknown, 'mine');
  const signal = AbortSignal.abort(new Error('stop'));
  for (const uri of [URI, URI.replace('web', 'of-a-user'), URI.replace('web', 'new')]) {
    await expect(publish(fixture, 'two', { uri, signal })).rejects.toThrow('stop');
  }
  expect(await readFile(path, 'utf8')).toBe('one');
  expect(await readFile(unknown, 'utf8')).toBe('mine');
  expect((await readdir(dirname(path))).sort()).toEqual(['of-a-user.vhd', 'web.vhd']);
  expect(await rows(fixture)).toEqual([{ name: 'images/vhds/linux/web.vhd', status: 'Published', run_id: 'run-one' }]);
});

test('one whose commit fails puts the older blob back', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const { path } = await publish(fixture, 'one');
  await store.write(trx => trx.schema.alterTable('run_outputs').renameTo('gone').execute());
  await expect(publish(fixture, 'two')).rejects.toThrow(/run_outputs/);
  expect(await readFile(path, 'utf8')).toBe('one');
  await expect(publish(fixture, 'three', { uri: URI.replace('web', 'new') })).rejects.toThrow(/run_outputs/);
  expect(await readdir(dirname(path))).toEqual(['web.vhd']);
  expect(await readdir(store.region('local').incoming)).toEqual([]);
  expect(await rows(fixture)).toHaveLength(1);
});

test('several at once leave one of them, whole and as it is recorded', async () => {
  await using fixture = await storeFixture();
  await Promise.all(['a', 'bb', 'ccc', 'dddd'].map(text => publish(fixture, text)));
  const [published, ...others] = await listPublished(fixture.store);
  expect(others).toEqual([]);
  const text = await readFile(published?.copies[0]?.path ?? '', 'utf8');
  expect(published).toMatchObject({ runId: `run-${text}`, sizeBytes: text.length });
});

test('an account that lies in another region stays there', async () => {
  await using fixture = await storeFixture();
  const { storage } = fixture.store.region('westus');
  await mkdir(join(storage, 'images/others'), { recursive: true });
  expect((await publish(fixture, 'one')).path).toBe(join(storage, 'images/vhds/linux/web.vhd'));
});

test('two that make a new account at once, for two regions, make it in one', async () => {
  await using fixture = await storeFixture();
  const { store } = fixture;
  const uri = (name: string) => `https://shared.blob.core.windows.net/vhds/${name}.vhd`;
  const both = await Promise.all([
    publish(fixture, 'one', { uri: uri('one'), region: 'local' }),
    publish(fixture, 'two', { uri: uri('two'), region: 'westus' }),
  ]);
  const places = ['local', 'westus'].map(region => join(store.region(region).storage, 'shared'));
  expect(places.filter(place => both.some(({ path }) => path.startsWith(place)))).toHaveLength(1);
  expect(new Set((await rows(fixture)).map(({ status }) => status))).toEqual(new Set(['Published']));
});

test('an account whose first blob failed lies nowhere', async () => {
  await using fixture = await storeFixture();
  const signal = AbortSignal.abort(new Error('stop'));
  await expect(publish(fixture, 'one', { signal })).rejects.toThrow('stop');
  const { path } = await publish(fixture, 'two', { region: 'westus' });
  expect(path).toBe(join(fixture.store.region('westus').storage, 'images/vhds/linux/web.vhd'));
});

test('a blob below a blob, above others, or behind a link is refused', async () => {
  await using fixture = await storeFixture();
  const { path } = await publish(fixture, 'one');
  const outside = join(fixture.directory, 'outside');
  await mkdir(outside);
  await symlink(outside, join(dirname(path), 'link'));
  for (const [uri, why] of [
    [`${URI}/below.vhd`, 'is a blob itself'],
    [URI.replace('/web.vhd', ''), 'holds other blobs'],
    [URI.replace('web.vhd', 'link/x.vhd'), 'is a symbolic link'],
    [URI.replace('web.vhd', 'link'), 'is a symbolic link'],
  ] as const) {
    const refused = { code: 'VhdUriBlocked', message: expect.stringContaining(why) };
    await expect(publish(fixture, 'two', { uri })).rejects.toMatchObject(refused);
  }
  expect(await readdir(outside)).toEqual([]);
  expect(await rows(fixture)).toHaveLength(1);
});
