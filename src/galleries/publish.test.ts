import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { blobPath } from '../store/blobs.ts';
import { collectGarbage } from '../store/garbage.ts';
import { runHolder, workHolder } from '../store/pins.ts';
import { latestRunOutput } from '../store/runs.ts';
import { listPublished } from './list.ts';
import { DEFINITION_ID, IMAGE_ID, publishingFixture } from './publishing.fixture.ts';
import { removeGalleryVersion, removeManagedImage } from './remove.ts';
import { resolveGalleryVersion, resolveManagedImage } from './resolve.ts';
import { parseManagedImageId, parseVersionId } from './resource-id.ts';

const latest = { location: 'local', strict: false, holder: workHolder() };

describe('publishing a gallery version', () => {
  test('makes what is missing, says so, and gives each region its own copy', async () => {
    await using fixture = await publishingFixture();
    const published = await fixture.version({ regions: ['local', 'westeurope'], text: 'bytes' });
    expect(published).toMatchObject({ id: `${DEFINITION_ID}/versions/0.0.1`, version: '0.0.1', sizeBytes: 5 });
    expect(fixture.said.map(line => line.split(' /')[0])).toEqual([
      'Created the resource group',
      'Created the gallery',
      'Created the image definition',
    ]);
    const paths = ['local', 'westeurope'].map(region => blobPath(fixture.store, region, published.digest));
    expect(published.path).toBe(paths[0]);
    const inodes = await Promise.all(paths.map(async path => (await stat(path)).ino));
    expect(new Set(inodes).size).toBe(2);
    for (const path of paths) expect(await readFile(path, 'utf8')).toBe('bytes');
    expect(await listPublished(fixture.store)).toEqual([
      expect.objectContaining({
        type: 'SharedImage',
        runId: 'run-1',
        sourceDigest: 'kdt1:source',
        tags: { team: 'web' },
        copies: [expect.objectContaining({ region: 'local' }), expect.objectContaining({ region: 'westeurope' })],
      }),
    ]);
    expect((await latestRunOutput(fixture.store, 'out'))?.artifactId).toBe(published.id);
    expect((await collectGarbage(fixture.store)).removed).toEqual([]);
  });

  test('numbers grow, and an explicit one that exists is refused', async () => {
    await using fixture = await publishingFixture();
    const explicit = { scheme: 'Explicit', version: '1.2.3' } as const;
    expect((await fixture.version({ numbering: explicit })).version).toBe('1.2.3');
    expect((await fixture.version()).version).toBe('1.2.4');
    const before = await listPublished(fixture.store);
    await expect(fixture.version({ numbering: explicit, text: 'other' })).rejects.toMatchObject({
      code: 'GalleryVersionExists',
    });
    expect(await listPublished(fixture.store)).toEqual(before);
  });

  test('several at once get different numbers', async () => {
    await using fixture = await publishingFixture();
    const published = await Promise.all([1, 2, 3, 4].map(n => fixture.version({ text: `disk ${n}` })));
    expect(published.map(({ version }) => version).sort()).toEqual(['0.0.1', '0.0.2', '0.0.3', '0.0.4']);
  });

  test('one that is aborted or fails is not there, and its number is free', async () => {
    await using fixture = await publishingFixture();
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(fixture.version({ signal })).rejects.toThrow('stop');
    await expect(fixture.version({ regions: ['local', 'bad/region'] })).rejects.toMatchObject({
      code: 'BadRegionName',
    });
    expect(await listPublished(fixture.store)).toEqual([]);
    expect(await fixture.store.db.selectFrom('gallery_versions').selectAll().execute()).toEqual([]);
    await collectGarbage(fixture.store);
    expect(await readdir(fixture.store.region('local').blobs)).toEqual([]);
    expect((await fixture.version()).version).toBe('0.0.1');
  });

  test('the kind of the image must be that of the definition', async () => {
    await using fixture = await publishingFixture();
    await fixture.version();
    await expect(fixture.version({ kind: { os: 'Linux', generation: 'V1' } })).rejects.toMatchObject({
      code: 'ImageDefinitionMismatch',
      message: expect.stringContaining('is for Linux, generation V2; this image is Linux, generation V1'),
    });
  });

  test('strict creates nothing', async () => {
    await using fixture = await publishingFixture();
    await expect(fixture.version({ strict: true })).rejects.toMatchObject({ code: 'ResourceGroupMissing' });
    await fixture.managedImage();
    await expect(fixture.version({ strict: true })).rejects.toMatchObject({ code: 'GalleryMissing' });
    await fixture.version();
    expect((await fixture.version({ strict: true })).version).toBe('0.0.2');
  });
});

describe('resolving a gallery version', () => {
  test('latest is the highest that is not excluded', async () => {
    await using fixture = await publishingFixture();
    const explicit = (version: string) => ({ scheme: 'Explicit', version }) as const;
    await fixture.version({ numbering: explicit('1.9.0'), text: 'a' });
    await fixture.version({ numbering: explicit('1.10.0'), text: 'b' });
    await fixture.version({ numbering: explicit('2.0.0'), text: 'c', excludeFromLatest: true });
    const id = `${DEFINITION_ID}/versions/latest`.toUpperCase();
    expect(await resolveGalleryVersion(fixture.store, id, latest)).toMatchObject({
      exactId: `${DEFINITION_ID}/versions/1.10.0`,
      version: '1.10.0',
      region: 'local',
      os: 'Linux',
      generation: 'V2',
      virtualSizeBytes: 4096,
    });
    const exact = await resolveGalleryVersion(fixture.store, `${DEFINITION_ID}/versions/2.0.0`, latest);
    expect(await readFile(exact.path, 'utf8')).toBe('c');
    await expect(resolveGalleryVersion(fixture.store, `${DEFINITION_ID}/versions/3.0.0`, latest)).rejects.toMatchObject(
      { code: 'ImageNotFound' },
    );
  });

  test('the copy of the wanted region is used; without one, another unless strict', async () => {
    await using fixture = await publishingFixture();
    await fixture.version({ regions: ['eastus', 'westus'] });
    const id = `${DEFINITION_ID}/versions/latest`;
    const resolve = (location: string, strict: boolean) =>
      resolveGalleryVersion(fixture.store, id, { ...latest, location, strict });
    expect((await resolve('West US', true)).region).toBe('westus');
    expect((await resolve('local', false)).region).toBe('eastus');
    await expect(resolve('local', true)).rejects.toMatchObject({ code: 'ImageNotInRegion' });
  });

  test('a disk that is in use stays when its version is removed', async () => {
    await using fixture = await publishingFixture();
    await fixture.version();
    const id = `${DEFINITION_ID}/versions/0.0.1`;
    const { path } = await resolveGalleryVersion(fixture.store, id, { ...latest, holder: runHolder('r9') });
    await removeGalleryVersion(fixture.store, parseVersionId(id));
    expect(await readFile(path, 'utf8')).toBe('disk');
    expect(await listPublished(fixture.store)).toEqual([]);
  });

  test('a disk that is gone is said to be', async () => {
    await using fixture = await publishingFixture();
    const { path, id } = await fixture.version();
    await rm(path);
    await expect(resolveGalleryVersion(fixture.store, id, latest)).rejects.toMatchObject({ code: 'BlobMissing' });
  });

  test('removing latest by that name is refused', async () => {
    await using fixture = await publishingFixture();
    await fixture.version();
    const id = parseVersionId(`${DEFINITION_ID}/versions/latest`);
    await expect(removeGalleryVersion(fixture.store, id)).rejects.toMatchObject({ code: 'VersionNumberInvalid' });
  });
});

describe('managed images', () => {
  test('one of the same name is replaced, and its disk collected', async () => {
    await using fixture = await publishingFixture();
    const first = await fixture.managedImage({ text: 'one' });
    const second = await fixture.managedImage({ text: 'two' });
    expect(second.id).toBe(IMAGE_ID);
    expect(await listPublished(fixture.store)).toEqual([expect.objectContaining({ digest: second.digest })]);
    await expect(stat(first.path)).rejects.toThrow('ENOENT');
    const resolved = await resolveManagedImage(fixture.store, IMAGE_ID.toLowerCase(), latest);
    expect(resolved).toMatchObject({ path: second.path, exactId: IMAGE_ID });
  });

  test('a disk that a gallery version shares is kept', async () => {
    await using fixture = await publishingFixture();
    const version = await fixture.version({ text: 'same' });
    const image = await fixture.managedImage({ text: 'same' });
    expect(image.path).toBe(version.path);
    await removeManagedImage(fixture.store, parseManagedImageId(IMAGE_ID));
    expect(await readFile(version.path, 'utf8')).toBe('same');
  });

  test('the same name in another region is refused', async () => {
    await using fixture = await publishingFixture();
    await fixture.managedImage();
    await expect(fixture.managedImage({ location: 'westus' })).rejects.toMatchObject({ code: 'ManagedImageElsewhere' });
  });

  test('an image that is aborted leaves the old one in place', async () => {
    await using fixture = await publishingFixture();
    const first = await fixture.managedImage({ text: 'one' });
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(fixture.managedImage({ text: 'two', signal })).rejects.toThrow('stop');
    expect(await listPublished(fixture.store)).toEqual([expect.objectContaining({ digest: first.digest })]);
    expect(await readFile(first.path, 'utf8')).toBe('one');
  });
});
