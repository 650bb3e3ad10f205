import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { blobPath } from '../store/blob-path.ts';
import { collectGarbage } from '../store/garbage.ts';
import { releasePins, runHolder, workHolder } from '../store/pins.ts';
import { latestRunOutput } from '../store/runs.ts';
import type { ImageKind } from './ensure.ts';
import { listPublished } from './list.ts';
import { DEFINITION_ID, IMAGE_ID, LINUX_V2, publishingFixture } from './publishing.fixture.ts';
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

  test('a shallow version has one copy, which serves all its regions and goes with it', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const published = await fixture.version({ regions: ['westus', 'local'], replicationMode: 'Shallow' });
    // The definition lies in `local`.
    expect(published.path).toBe(blobPath(store, 'local', published.digest));
    await expect(readdir(store.region('westus').blobs)).rejects.toThrow('ENOENT');
    expect(await listPublished(store)).toMatchObject([
      {
        replicationMode: 'Shallow',
        copies: [
          { region: 'westus', heldIn: 'local', path: published.path },
          { region: 'local', path: published.path },
        ],
      },
    ]);
    expect((await collectGarbage(store)).removed).toEqual([]);
    const there = await resolveGalleryVersion(store, published.id, { ...latest, location: 'westus', strict: true });
    expect(await readFile(there.path, 'utf8')).toBe('disk');
    await releasePins(store, latest.holder);
    // A blob of another image in a region that only refers to the copy elsewhere is not kept by it.
    const image = await fixture.managedImage({ location: 'westus' });
    await removeManagedImage(store, parseManagedImageId(IMAGE_ID));
    await expect(stat(image.path)).rejects.toThrow('ENOENT');
    await removeGalleryVersion(store, parseVersionId(published.id));
    await expect(stat(published.path)).rejects.toThrow('ENOENT');
    const elsewhere = await fixture.version({ regions: ['westus', 'eastus'], replicationMode: 'Shallow' });
    expect(elsewhere.path).toBe(blobPath(store, 'westus', elsewhere.digest));
  });

  test('what a definition demands comes from the first image and holds for the next', async () => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const plan = { name: 'byos', product: 'rhel', publisher: 'redhat' };
    const kind: ImageKind = { ...LINUX_V2, securityType: 'TrustedLaunchSupported', plan };
    const { id } = await fixture.version({ kind });
    expect(await resolveGalleryVersion(store, id, latest)).toMatchObject({ plan, securityType: kind.securityType });
    expect(await listPublished(store)).toMatchObject([{ plan, securityType: kind.securityType }]);
    await fixture.version({ kind: { ...kind, securityType: undefined } });
    for (const [other, message] of [
      [{ securityType: 'Standard' }, 'security type TrustedLaunchSupported; this image is of security type Standard'],
      [{ securityType: 'ConfidentialVMSupported' }, 'this image is of security type ConfidentialVMSupported'],
      [{ plan: undefined }, 'images with plan byos/rhel/redhat; this image is with no purchase plan'],
      [{ plan: { ...plan, name: 'other' } }, 'this image is with plan other/rhel/redhat'],
      [{ os: 'Windows' }, 'for Linux, generation V2; this image is Windows, generation V2'],
    ] as const) {
      const refused = fixture.version({ kind: { ...kind, ...other } });
      await expect(refused).rejects.toMatchObject({
        code: 'ImageDefinitionMismatch',
        message: expect.stringContaining(message),
      });
    }
  });

  test.each([
    [{ os_state: 'Specialized' as const }, 'specialized images'],
    [{ features: '[{"name":"SecurityType","value":"TrustedLaunch"}]' }, 'the security type TrustedLaunch'],
    [{ features: '[{"name":"securitytype","value":"confidentialvm"}]' }, 'the security type ConfidentialVM'],
  ])('a definition with %j takes no image and gives no source', async (change, text) => {
    await using fixture = await publishingFixture();
    const { store } = fixture;
    const { id } = await fixture.version();
    await store.write(trx => trx.updateTable('image_definitions').set(change).execute());
    await expect(resolveGalleryVersion(store, id, latest)).rejects.toMatchObject({
      code: 'BadSharedImageVersionSource',
      message: expect.stringContaining(text),
    });
    await expect(fixture.version()).rejects.toMatchObject({ code: 'ImageDefinitionMismatch' });
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
    const missing = resolveGalleryVersion(fixture.store, `${DEFINITION_ID}/versions/3.0.0`, latest);
    await expect(missing).rejects.toMatchObject({
      code: 'BadSharedImageVersionSource',
      message: expect.stringMatching(
        /^Build \(Shared Image Version\) step failed for Image Version '.*3\.0\.0'.* Code="ResourceNotFound" Message="The Resource 'Microsoft\.Compute\/galleries\/site\/images\/web\/versions\/3\.0\.0' under resource group 'rg' was not found\."/,
      ),
    });
  });

  test('the copy of the wanted region is used; without one, another unless strict', async () => {
    await using fixture = await publishingFixture();
    await fixture.version({ regions: ['eastus', 'westus'] });
    const id = `${DEFINITION_ID}/versions/latest`;
    const resolve = (location: string, strict: boolean) =>
      resolveGalleryVersion(fixture.store, id, { ...latest, location, strict });
    expect((await resolve('West US', true)).region).toBe('westus');
    expect(await resolve('local', false)).toMatchObject({
      region: 'eastus',
      remarks: [expect.stringContaining('no copy in local, the region of the template (it has: eastus, westus)')],
    });
    await expect(resolve('local', true)).rejects.toMatchObject({ code: 'BadSharedImageVersionSource' });
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

  test('an image keeps the plan of its source, and is a source beside its template only when strict', async () => {
    await using fixture = await publishingFixture();
    const plan = { name: 'byos', product: 'rhel', publisher: 'redhat' };
    await fixture.managedImage({ kind: { ...LINUX_V2, plan } });
    const resolve = (more: object) => resolveManagedImage(fixture.store, IMAGE_ID, { ...latest, ...more });
    expect(await resolve({ strict: true, subscription: 'S1' })).toMatchObject({ plan, remarks: [] });
    expect(await resolve({ location: 'West US', subscription: 's2' })).toMatchObject({
      remarks: [
        expect.stringContaining('is in the region local, the template in westus'),
        expect.stringContaining('is in the subscription s1, the template in s2'),
      ],
    });
    for (const more of [{ location: 'westus' }, { subscription: 's2' }]) {
      await expect(resolve({ ...more, strict: true })).rejects.toMatchObject({ code: 'BadManagedImageSource' });
    }
    await expect(resolveManagedImage(fixture.store, `${IMAGE_ID}2`, latest)).rejects.toMatchObject({
      code: 'BadManagedImageSource',
      message: expect.stringMatching(/^Build \(Managed Image\) step failed: Error getting Managed Image '.*web2'/),
    });
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
