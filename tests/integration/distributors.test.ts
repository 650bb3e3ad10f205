import { chmod, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  imageDocument,
  listImages,
  removeImage,
  renderImage,
  renderImages,
  showImage,
} from '../../src/cli/image-view.ts';
import { digestFile } from '../../src/disk/digest.ts';
import { MiB } from '../../src/disk/disk-format.ts';
import { diskInfo } from '../../src/disk/disk-info.ts';
import { createEmptyDisk } from '../../src/disk/empty-disk.ts';
import { createOverlay } from '../../src/disk/overlay.ts';
import { verifyFixedVhd } from '../../src/disk/vhd.ts';
import { checkTargets } from '../../src/distributors/check-targets.ts';
import { distributeAll } from '../../src/distributors/distribute-all.ts';
import type { FinishedImage } from '../../src/distributors/distributor.ts';
import type { ManagedImageTarget, SharedImageTarget, VhdTarget } from '../../src/distributors/targets.ts';
import type { BuildEventBody } from '../../src/events/build-event.ts';
import type { PublishedImage } from '../../src/galleries/list.ts';
import { kilnHome } from '../../src/home/kiln-home.ts';
import { collectGarbage } from '../../src/store/garbage.ts';
import { openStore, type Store } from '../../src/store/store.ts';

const COMPUTE = '/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Compute';
const vhd: VhdTarget = { type: 'VHD', runOutputName: 'file', artifactTags: {}, uri: '' };
const managed: ManagedImageTarget = {
  type: 'ManagedImage',
  runOutputName: 'image',
  artifactTags: { team: 'web' },
  imageId: `${COMPUTE}/images/web`,
  location: 'local',
};
const BLOB_FILE = 'images/vhds/linux/web.vhd';
const BLOB = 'https://images.blob.core.windows.net/vhds/linux/web.vhd';
const shared: SharedImageTarget = {
  type: 'SharedImage',
  runOutputName: 'version',
  artifactTags: {},
  galleryImageId: `${COMPUTE}/galleries/site/images/web`,
  targetRegions: [
    { name: 'local', replicaCount: 1, storageAccountType: 'Standard_LRS' },
    { name: 'westeurope', replicaCount: 2, storageAccountType: 'Standard_ZRS' },
  ],
  excludeFromLatest: false,
  replicationMode: 'Full' as const,
  versioning: { scheme: 'Latest', major: -1 },
};

let root: string;
let store: Store;
let events: BuildEventBody[];
let image: FinishedImage;

beforeEach(async () => {
  root = await mkdtemp('/tmp/kiln-distribute-');
  await chmod(root, 0o755);
  store = await openStore(kilnHome({ KILN_HOME: join(root, 'home') }), { regions: {} });
  events = [];
  const base = join(root, 'base.qcow2');
  const disk = join(root, 'disk.qcow2');
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', base, String(24 * MiB + 512)]);
  await execa('qemu-io', ['-c', 'write -P 7 0 3M', base]);
  await createOverlay(disk, base);
  await execa('qemu-io', ['-c', 'write -P 9 2M 2M', disk]);
  image = {
    disk,
    bases: [base],
    virtualSizeBytes: 24 * MiB + 512,
    dataDisks: [],
    os: 'Linux',
    generation: 'V2',
    runId: 'run-1',
    sourceDigest: 'kdt1:source',
    sourceName: 'Debian:debian-12:12-gen2:12.0.1',
    sourceVersion: '12.0.1',
  };
});

afterEach(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

function context(more: { runId?: string; signal?: AbortSignal; onEvent?: (event: BuildEventBody) => void } = {}) {
  const runId = more.runId ?? 'run-1';
  return {
    image: { ...image, runId },
    store,
    emit: (event: BuildEventBody) => {
      events.push(event);
      more.onEvent?.(event);
    },
    signal: more.signal ?? new AbortController().signal,
    workDirectory: join(root, 'work', runId),
    strict: false,
    location: 'local',
  };
}

/** SHA-256 of a disk's content, filled up with zeros to a whole MiB. */
async function contentOf(path: string, format: string): Promise<string> {
  const raw = join(root, 'content.raw');
  await execa('qemu-img', ['convert', '-f', format, '-O', 'raw', path, raw]);
  await truncate(raw, 25 * MiB);
  const { stdout } = await execa('sha256sum', [raw]);
  await rm(raw);
  return stdout.slice(0, 64);
}

async function filesOf(region: string): Promise<readonly string[]> {
  const directory = join(root, 'home', 'regions', region);
  const all = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  // Whose a region is stays with it.
  const files = all.filter(entry => entry.isFile() && entry.name !== 'store-id');
  return files.map(entry => join(entry.parentPath, entry.name));
}

describe('distributing', () => {
  test('one image goes to all three types of target, whole and with its digest', async () => {
    const { outputs, failures } = await distributeAll([vhd, managed, shared], context());
    expect(failures).toEqual([]);
    expect(outputs.map(({ name, type }) => [name, type])).toEqual([
      ['file', 'VHD'],
      ['image', 'ManagedImage'],
      ['version', 'SharedImage'],
    ]);
    const expected = await contentOf(image.disk, 'qcow2');
    const [file, managedImage, version] = outputs;
    for (const output of outputs) {
      expect(await digestFile(output.path)).toBe(output.digest);
      expect((await stat(output.path)).mode & 0o222).toBe(0);
      expect(output.sizeBytes).toBe((await stat(output.path)).size);
    }
    const path = fileURLToPath(file?.artifactUri ?? '');
    expect(path).toBe(join(root, 'home', 'regions', 'local', 'vhds', 'file_run-1.vhd'));
    await verifyFixedVhd(path, 25 * MiB);
    expect(await contentOf(path, 'vpc')).toBe(expected);
    expect(managedImage?.artifactId).toBe(managed.imageId);
    expect(version?.artifactId).toBe(`${shared.galleryImageId}/versions/0.0.1`);
    expect(await contentOf(version?.path ?? '', 'qcow2')).toBe(expected);
    await diskInfo(version?.path ?? '', 'qcow2', { strict: true });
    const copies = (await showImage(store, 'version')).copies;
    expect(copies.map(({ region }) => region)).toEqual(['local', 'westeurope']);
    for (const copy of copies) expect(await digestFile(copy.path)).toBe(version?.digest);
    expect(events.filter(({ type }) => type === 'artifact-published')).toHaveLength(3);
    expect(events.some(event => event.type === 'progress' && event.done === event.total)).toBe(true);
    expect((await collectGarbage(store)).removed).toEqual([]);
  });

  test('one target that fails does not keep the others from being published', async () => {
    const explicit = { ...shared, galleryImageId: `${shared.galleryImageId}/versions/1.0.0` };
    await distributeAll([explicit], context());
    const { outputs, failures } = await distributeAll([explicit, vhd], context({ runId: 'run-2' }));
    expect(outputs.map(({ name }) => name)).toEqual(['file']);
    expect(failures).toEqual([{ target: explicit, error: expect.objectContaining({ code: 'GalleryVersionExists' }) }]);
  });

  test('nothing is left of a run that is aborted while it converts', async () => {
    const abort = new AbortController();
    const onEvent = (event: BuildEventBody) => {
      if (event.type === 'progress') abort.abort(new Error('canceled'));
    };
    const all = distributeAll([vhd, managed, shared], context({ signal: abort.signal, onEvent }));
    await expect(all).rejects.toThrow('canceled');
    await collectGarbage(store);
    expect(await listImages(store)).toEqual([]);
    expect(await filesOf('local')).toEqual([]);
    expect(await filesOf('westeurope')).toEqual([]);
    expect(await readdir(join(root, 'work', 'run-1'))).toEqual([]);
  });

  test('a disk that cannot be read is a failure of each target', async () => {
    const broken = { ...context(), image: { ...image, bases: [] } };
    const { outputs, failures } = await distributeAll([vhd, managed], broken);
    expect(outputs).toEqual([]);
    expect(failures.map(({ error }) => error.code)).toEqual(['ToolFailed', 'ToolFailed']);
    expect(await filesOf('local')).toEqual([]);
  });
});

test('a VHD goes to the blob that its URI names, and a shallow version to one region for all', async () => {
  const blob = { ...vhd, uri: BLOB };
  const shallow = { ...shared, replicationMode: 'Shallow' as const };
  for (const runId of ['run-1', 'run-2']) {
    await checkTargets([blob, shallow], image, store, { strict: false, location: 'local' });
    const { outputs, failures } = await distributeAll([blob, shallow], context({ runId }));
    expect(failures).toEqual([]);
    expect(outputs[0]).toMatchObject({ artifactUri: BLOB, path: join(root, 'home/regions/local/storage', BLOB_FILE) });
  }
  const path = join(root, 'home/regions/local/storage', BLOB_FILE);
  await verifyFixedVhd(path, 25 * MiB);
  for (const name of [BLOB, path, 'file']) {
    expect(await showImage(store, name)).toMatchObject({ id: BLOB, runId: 'run-2', digest: await digestFile(path) });
  }
  expect(await filesOf('westeurope')).toEqual([]);
  const text = renderImage(await showImage(store, 'version'));
  expect(text).toMatch(/^Replication +Shallow$/m);
  expect(text).toMatch(/^In local +\/.*kdt1-\S+ \(1 replica, Standard_LRS\)$/m);
  expect(text).toMatch(/^In westeurope +as in local \(2 replicas, Standard_ZRS\)$/m);
  await removeImage(store, BLOB);
  expect((await filesOf('local')).some(file => file.includes('/storage/'))).toBe(false);
});

test('a plan and a security type go from the source to what is made of it, and are shown', async () => {
  const plan = { name: 'byos', product: 'rhel', publisher: 'redhat' };
  image = { ...image, plan, securityType: 'TrustedLaunchSupported' };
  await distributeAll([managed, shared], context());
  expect(renderImage(await showImage(store, 'image'))).toMatch(/^Plan +byos of rhel by redhat$/m);
  const version = renderImage(await showImage(store, 'version'));
  expect(version).toMatch(/^Kind +Linux, generation V2, TrustedLaunchSupported$/m);
  expect(version).toMatch(/^Plan +byos of rhel by redhat$/m);
  const other = { ...image, plan: undefined };
  await expect(checkTargets([shared], other, store, { strict: false, location: 'local' })).rejects.toMatchObject({
    code: 'ImageDefinitionMismatch',
    details: [{ code: 'BadSharedImageDistribute', target: 'properties.distribute[0]' }],
  });
});

test('data disks go to images and versions, each with its own digest and sparse, and not into a VHD', async () => {
  const [base, top, large] = ['data-base', 'data', 'large'].map(name => join(root, `${name}.qcow2`)) as [
    string,
    string,
    string,
  ];
  await execa('qemu-img', ['create', '-q', '-f', 'qcow2', base, '4G']);
  await execa('qemu-io', ['-c', 'write -P 3 1G 2M', base]);
  await createOverlay(top, base, { kind: 'data' });
  await execa('qemu-io', ['-c', 'write -P 4 3G 1M', top]);
  await createEmptyDisk(large, 2 ** 45);
  image = {
    ...image,
    dataDisks: [
      { lun: 0, disk: top, bases: [base], virtualSizeBytes: 2 ** 32 },
      { lun: 5, disk: large, bases: [], virtualSizeBytes: 2 ** 45 },
    ],
  };
  const { outputs, failures } = await distributeAll([vhd, managed, shared], context());
  expect(failures).toEqual([]);
  expect((await showImage(store, outputs[0]?.path ?? '')).dataDisks).toEqual([]);
  const shown = await Promise.all(['image', 'version'].map(name => showImage(store, name)));
  for (const { dataDisks, copies, digest } of shown) {
    expect(dataDisks.map(({ lun, virtualSizeBytes }) => [lun, virtualSizeBytes])).toEqual([
      [0, 2 ** 32],
      [5, 2 ** 45],
    ]);
    for (const disk of dataDisks) {
      expect(disk.copies.map(({ region }) => region)).toEqual(copies.map(({ region }) => region));
      expect(disk.digest).not.toBe(digest);
      for (const { path } of disk.copies) {
        expect(await digestFile(path)).toBe(disk.digest);
        expect(await diskInfo(path, 'qcow2', { strict: true })).toMatchObject({
          virtualSizeBytes: disk.virtualSizeBytes,
        });
        const { mode, blocks } = await stat(path);
        expect(mode & 0o222).toBe(0);
        expect(blocks * 512).toBeLessThan(8 * MiB);
      }
    }
    const [first] = dataDisks;
    for (const [pattern, range] of [
      ['3', '1G 2M'],
      ['4', '3G 1M'],
      ['0', '0 16M'],
    ] as const) {
      const read = ['-r', '-f', 'qcow2', '-c', `read -P ${pattern} ${range}`, first?.copies[0]?.path ?? ''];
      // A pattern that is not there is said, and does not fail.
      expect((await execa('qemu-io', read)).stdout).not.toContain('verification failed');
    }
  }
  // One region has the OS disk and two data disks once, and the VHD; the other a copy of each disk.
  expect(await filesOf('local')).toHaveLength(4);
  expect(await filesOf('westeurope')).toHaveLength(3);
  const text = renderImage(await showImage(store, 'version'));
  expect(text).toMatch(/^Data disk 0 +\d+ MiB \(disk of 4\.0 GiB\), kdt1:/m);
  expect(imageDocument(shown[0] as PublishedImage)).toMatchObject({
    storageProfile: {
      dataDisks: [
        { lun: 0, diskSizeGB: 4 },
        { lun: 5, diskSizeGB: 32768 },
      ],
    },
  });
  for (const { id } of shown) await removeImage(store, id);
  expect((await filesOf('local')).map(path => path.endsWith('.vhd'))).toEqual([true]);
  expect(await filesOf('westeurope')).toEqual([]);
});

describe('checking targets before the build', () => {
  const options = { strict: false, location: 'local' };

  test('targets of a new store are fine, unless strict', async () => {
    await checkTargets([vhd, managed, shared], image, store, options);
    await expect(checkTargets([managed, shared], image, store, { ...options, strict: true })).rejects.toMatchObject({
      code: 'ResourceGroupMissing',
      target: 'properties.distribute[0]',
      message: expect.stringMatching(/^Resource group 'rg' could not be found/),
      details: [
        { target: 'properties.distribute[0]', code: 'ResourceGroupMissing' },
        { target: 'properties.distribute[1]', code: 'BadSharedImageDistribute' },
      ],
    });
  });

  test('what is known to fail is refused', async () => {
    const explicit = { ...shared, galleryImageId: `${shared.galleryImageId}/versions/1.0.0` };
    await distributeAll([explicit, managed], context());
    const refused = (target: unknown, code: string, of = image) =>
      expect(checkTargets([target as typeof vhd], of, store, options)).rejects.toMatchObject({ code });
    await refused(explicit, 'GalleryVersionExists');
    await refused(shared, 'ImageDefinitionMismatch', { ...image, generation: 'V1' });
    await refused({ ...managed, location: 'westus' }, 'ManagedImageElsewhere');
    await refused({ ...vhd, uri: 'https://store.example/x.vhd' }, 'VhdUriInvalid');
    await refused({ ...managed, imageId: '/nonsense' }, 'BadResourceId');
    const bySource = { ...shared, versioning: { scheme: 'Source' } };
    await checkTargets([bySource as SharedImageTarget], image, store, options);
    await refused(bySource, 'VersionNumberInvalid', { ...image, sourceVersion: undefined });
    const twice = [managed, { ...managed, runOutputName: 'again', imageId: managed.imageId.toUpperCase() }];
    await expect(checkTargets(twice, image, store, options)).rejects.toMatchObject({ code: 'TargetTwice' });
    const blob = { ...vhd, uri: BLOB };
    for (const uri of [BLOB.replace('https://images', 'HTTPS://IMAGES'), `${BLOB}/below`]) {
      const both = checkTargets([blob, vhd, vhd, { ...blob, uri }], image, store, options);
      await expect(both).rejects.toMatchObject({ code: 'TargetTwice', target: 'properties.distribute[3].uri' });
    }
    const elsewhere = { ...shared, targetRegions: shared.targetRegions.slice(1) };
    await expect(checkTargets([elsewhere], image, store, { ...options, strict: true })).rejects.toMatchObject({
      code: 'GalleryRegionMissing',
    });
  });
});

describe('looking at images', () => {
  test('they are listed, shown by id, path, URI and run output, and removed with their files', async () => {
    expect(renderImages(await listImages(store))).toContain('Nothing is published');
    const { outputs } = await distributeAll([vhd, managed, shared], context());
    const [file, , version] = outputs;
    const text = renderImages(await listImages(store));
    expect(text.split('\n')).toHaveLength(5);
    for (const { artifactId, path } of outputs) expect(text).toContain(artifactId ?? path);
    const latest = `${shared.galleryImageId}/versions/latest`;
    for (const name of ['version', version?.artifactId ?? '', latest]) {
      expect((await showImage(store, name)).id).toBe(version?.artifactId);
    }
    for (const name of ['file', file?.path ?? '', file?.artifactUri ?? '']) {
      expect((await showImage(store, name)).id).toBe(file?.path);
    }
    expect(renderImage(await showImage(store, 'image'))).toMatch(/Tags +team=web/);
    await expect(showImage(store, 'nothing')).rejects.toMatchObject({ code: 'ImageNotFound' });
    await expect(removeImage(store, '/etc/passwd')).rejects.toMatchObject({ code: 'ImageNotFound' });
    await removeImage(store, file?.artifactUri ?? '');
    await removeImage(store, managed.imageId);
    expect(await filesOf('local')).toEqual([version?.path]);
    await removeImage(store, version?.artifactId ?? '');
    expect(await filesOf('local')).toEqual([]);
    expect(await filesOf('westeurope')).toEqual([]);
    await expect(showImage(store, 'version')).rejects.toMatchObject({ code: 'ImageNotFound' });
  });
});
