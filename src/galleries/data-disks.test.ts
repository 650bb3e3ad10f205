import { readdirSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { digestFile } from '../disk/digest.ts';
import { blobPath } from '../store/blob-path.ts';
import { collectGarbage } from '../store/garbage.ts';
import { releasePins, workHolder } from '../store/pins.ts';
import type { Store } from '../store/store.ts';
import { listPublished, type PublishedImage } from './list.ts';
import { DEFINITION_ID, IMAGE_ID, publishingFixture } from './publishing.fixture.ts';
import { removeGalleryVersion, removeManagedImage } from './remove.ts';
import { resolveGalleryVersion, resolveManagedImage } from './resolve.ts';
import { parseManagedImageId, parseVersionId } from './resource-id.ts';
import { imageStorageProfile, versionStorageProfile } from './storage-profile.ts';

const FIRST = `${DEFINITION_ID}/versions/0.0.1`;
const DATA = { 0: 'first data', 7: 'other data' };
const latest = { location: 'local', strict: false, holder: workHolder() };

async function published(store: Store): Promise<PublishedImage> {
  const [image] = await listPublished(store);
  if (image === undefined) throw new Error('nothing is published');
  return image;
}

/** Contents of all blobs of a region. */
async function blobsOf(store: Store, region: string): Promise<readonly string[]> {
  const { blobs } = store.region(region);
  const names = await readdir(blobs).catch(() => []);
  return (await Promise.all(names.map(name => readFile(`${blobs}/${name}`, 'utf8')))).sort();
}

describe('data disks of a gallery version', () => {
  test('lie in every region of the version, are in use with it, and go with it', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await fixture.version({ dataDisks: DATA, regions: ['local', 'westus'] });
    const image = await published(store);
    expect(image.dataDisks.map(({ lun, virtualSizeBytes }) => [lun, virtualSizeBytes])).toEqual([
      [0, 3 * 2 ** 30],
      [7, 3 * 2 ** 30],
    ]);
    for (const disk of image.dataDisks) {
      const paths = ['local', 'westus'].map(region => ({ region, path: blobPath(store, region, disk.digest) }));
      expect(disk.copies).toEqual(paths);
      for (const { path } of paths) {
        expect(await digestFile(path)).toBe(disk.digest);
        expect((await stat(path)).size).toBe(disk.sizeBytes);
      }
    }
    expect(versionStorageProfile(image)).toEqual({
      osDiskImage: { sizeInGB: 1 },
      dataDiskImages: [
        { lun: 0, sizeInGB: 3 },
        { lun: 7, sizeInGB: 3 },
      ],
    });
    expect((await collectGarbage(store)).removed).toEqual([]);

    const resolved = await resolveGalleryVersion(store, FIRST, { ...latest, location: 'westus' });
    expect(resolved.dataDisks.map(({ lun, path }) => [lun, path])).toEqual(
      image.dataDisks.map(({ lun, copies }) => [lun, copies[1]?.path]),
    );
    await removeGalleryVersion(store, parseVersionId(FIRST));
    expect(await blobsOf(store, 'local')).toEqual([]);
    expect(await blobsOf(store, 'westus')).toEqual(['disk', 'first data', 'other data']);
    await releasePins(store, latest.holder);
    await collectGarbage(store);
    expect(await blobsOf(store, 'westus')).toEqual([]);
    expect(await store.db.selectFrom('gallery_version_data_disks').selectAll().execute()).toEqual([]);
  });

  test('of a shallow one lie where its copy does', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await fixture.version({ dataDisks: DATA, regions: ['westus', 'local'], replicationMode: 'Shallow' });
    expect(await blobsOf(store, 'westus')).toEqual([]);
    const [disk] = (await published(store)).dataDisks;
    const path = blobPath(store, 'local', disk?.digest ?? '');
    expect(disk?.copies).toEqual([
      { region: 'westus', path },
      { region: 'local', path },
    ]);
    expect((await collectGarbage(store)).removed).toEqual([]);
    const there = await resolveGalleryVersion(store, FIRST, { ...latest, location: 'westus', strict: true });
    expect(there.dataDisks[0]?.path).toBe(path);
    await releasePins(store, latest.holder);
  });

  test('one that cannot be published as it was keeps all of the version from being there', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const changed = fixture.version({
      dataDisks: DATA,
      // When the first disk has been copied, the files of the others are changed.
      onCopy: () => {
        for (const name of readdirSync(fixture.directory)) {
          if (name.startsWith('file-')) writeFileSync(`${fixture.directory}/${name}`, 'changed');
        }
      },
    });
    await expect(changed).rejects.toMatchObject({ code: 'DiskChanged' });
    await collectGarbage(store);
    expect(await listPublished(store)).toEqual([]);
    expect(await blobsOf(store, 'local')).toEqual([]);
    expect(await readdir(store.region('local').incoming)).toEqual([]);
  });

  test('one that is gone is said to be', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await fixture.version({ dataDisks: DATA });
    const path = (await published(store)).dataDisks[1]?.copies[0]?.path ?? '';
    await rm(path);
    await expect(resolveGalleryVersion(store, FIRST, latest)).rejects.toMatchObject({
      code: 'BlobMissing',
      message: expect.stringContaining(path),
    });
  });
});

describe('data disks of a managed image', () => {
  test('go with the image that replaces theirs, but for what both have', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await fixture.managedImage({ text: 'one', dataDisks: DATA });
    expect(imageStorageProfile(await published(store))).toEqual({
      osDisk: { osType: 'Linux', osState: 'Generalized', diskSizeGB: 1 },
      dataDisks: [
        { lun: 0, diskSizeGB: 3 },
        { lun: 7, diskSizeGB: 3 },
      ],
    });
    expect(await resolveManagedImage(store, IMAGE_ID, latest)).toMatchObject({ dataDisks: [{ lun: 0 }, { lun: 7 }] });
    await releasePins(store, latest.holder);
    await fixture.managedImage({ text: 'two', dataDisks: { 7: DATA[0] } });
    expect(await blobsOf(store, 'local')).toEqual(['first data', 'two']);
    expect((await published(store)).dataDisks.map(({ lun }) => lun)).toEqual([7]);
    await removeManagedImage(store, parseManagedImageId(IMAGE_ID));
    expect(await blobsOf(store, 'local')).toEqual([]);
  });

  test('that are equal are one blob, which a version may share', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    await fixture.managedImage({ text: 'one', dataDisks: { 0: 'same', 1: 'same' } });
    await fixture.version({ text: 'two', dataDisks: { 3: 'same' } });
    expect(await blobsOf(store, 'local')).toEqual(['one', 'same', 'two']);
    await removeManagedImage(store, parseManagedImageId(IMAGE_ID));
    expect(await blobsOf(store, 'local')).toEqual(['same', 'two']);
    expect((await resolveGalleryVersion(store, FIRST, latest)).dataDisks).toHaveLength(1);
  });
});
