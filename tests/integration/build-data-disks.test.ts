import { stat } from 'node:fs/promises';
import { execaSync } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeImage, renderImage, showImage } from '../../src/cli/image-view.ts';
import { digestFile } from '../../src/disk/digest.ts';
import { diskInfo } from '../../src/disk/disk-info.ts';
import type { BuildEvent } from '../../src/events/build-event.ts';
import { dataDiskFile, machineDirectory } from '../../src/home/run-directory.ts';
import { collectGarbage } from '../../src/store/garbage.ts';
import { runHolder } from '../../src/store/pins.ts';
import { type BuildSite, buildSite, MANAGED_IMAGE, SHARED_IMAGE, shell, VHD } from './build-fixture.ts';

let site: BuildSite;
beforeEach(async () => {
  site = await buildSite();
});
afterEach(() => site[Symbol.asyncDispose]());

const GIB = 1024 ** 3;
const NEWEST = { apiVersion: '2025-10-01' };
const CHECKS = { inVMValidations: [shell('checks', 'true')] };
const GALLERY_SOURCE = {
  type: 'SharedImageVersion',
  imageVersionId: `${SHARED_IMAGE.galleryImageId}/versions/latest`,
};

/** Offsets that the tests write to and read from: each has one byte all over a MiB. */
const [FIRST, SECOND, THIRD] = ['0', '1G', '2G'] as const;

/** The file of a data disk of the newest machine in a role. */
function diskOf(role: string, lun: number): string {
  const machine = site.driver.machines.findLast(one => one.role === role);
  return dataDiskFile(machineDirectory(machine?.spec.directory ?? '').dataDisks, lun);
}

/** Does what a guest would: the fake machine has no disks. */
function write(file: string, offset: string, byte: number): void {
  execaSync('qemu-io', ['-f', 'qcow2', '-c', `write -P ${byte} ${offset} 1M`, file]);
}

/** Whether a disk and what it is layered on have that byte there. */
function has(file: string, offset: string, byte: number): boolean {
  // -U: a disk below may be in use.
  const read = ['-r', '-U', '-f', 'qcow2', '-c', `read -P ${byte} ${offset} 1M`, file];
  const { stdout } = execaSync('qemu-io', read, { reject: false });
  return /^read 1048576/m.test(stdout) && !stdout.includes('verification failed');
}

/** Runs something when the first step of a phase begins. */
function at(phase: 'customize' | 'validate', work: () => void): (event: BuildEvent) => void {
  return event => {
    if (event.type === 'step-started' && event.step.phase === phase) work();
  };
}

test('what customizers write to data disks is in the image, and what validators write is not', async () => {
  const seen: boolean[] = [];
  const onEvent = (event: BuildEvent) => {
    at('customize', () => write(diskOf('build', 0), FIRST, 1))(event);
    at('validate', () => {
      seen.push(has(diskOf('validation', 0), FIRST, 1), has(diskOf('validation', 1), FIRST, 0));
      write(diskOf('validation', 0), SECOND, 2);
    })(event);
  };
  const build = await site.build(
    {
      additionalDataDisks: [{ sizeGB: 3 }, { sizeGB: 20000 }],
      validate: CHECKS,
      distribute: [VHD, MANAGED_IMAGE, SHARED_IMAGE],
    },
    { ...NEWEST, onEvent },
  );
  expect(build.error).toBeUndefined();
  expect(seen).toEqual([true, true]);
  expect(site.driver.machines.map(machine => machine.spec.dataDisks)).toEqual([
    [0, 1],
    [0, 1],
  ]);
  // The machine of the validators sees the disks below its own.
  expect(site.driver.machines[1]?.spec.bases).toEqual(expect.arrayContaining([diskOf('build', 0), diskOf('build', 1)]));
  expect(build.said).toContainEqual(
    expect.stringMatching(/^A VHD holds .*\(LUN 0, 1\) are not in it\. \(properties\.distribute\[0\]\)$/),
  );

  const { store } = site.services;
  for (const name of ['image', 'version']) {
    const { dataDisks } = await showImage(store, name);
    expect(dataDisks.map(({ lun, virtualSizeBytes }) => [lun, virtualSizeBytes])).toEqual([
      [0, 3 * GIB],
      [1, 20000 * GIB],
    ]);
    for (const { digest, virtualSizeBytes, copies } of dataDisks) {
      for (const { path } of copies) {
        expect(await digestFile(path)).toBe(digest);
        expect(await diskInfo(path, 'qcow2', { strict: true })).toMatchObject({ virtualSizeBytes });
        expect((await stat(path)).blocks * 512).toBeLessThan(8 * 1024 ** 2);
      }
    }
    const path = dataDisks[0]?.copies[0]?.path ?? '';
    expect([has(path, FIRST, 1), has(path, SECOND, 0)]).toEqual([true, true]);
  }
  expect(renderImage(await showImage(store, 'version'))).toMatch(/^Data disk 1 +\d+ MiB \(disk of 20000\.0 GiB\)/m);
  expect((await showImage(store, 'disk')).dataDisks).toEqual([]);
  expect((await collectGarbage(store)).removed).toEqual([]);
  expect(await site.leftovers()).toEqual([]);
});

test('data disks of a source are under those of the build at their LUNs, and go on into its image', async () => {
  const additionalDataDisks = [{ sizeGB: 3 }, { sizeGB: 4 }];
  const onEvent = at('customize', () => write(diskOf('build', 0), FIRST, 1));
  await site.build({ additionalDataDisks, distribute: [SHARED_IMAGE] }, { ...NEWEST, onEvent });
  const { store } = site.services;
  const version = await showImage(store, 'version');
  // As the version of somebody whose disks have gaps.
  await store.write(trx =>
    trx.updateTable('gallery_version_data_disks').set({ lun: 5 }).where('lun', '=', 0).execute(),
  );

  const seen: boolean[] = [];
  let pins: Promise<readonly unknown[]> | undefined;
  const second = await site.build(
    { source: GALLERY_SOURCE, additionalDataDisks: [{ sizeGB: 1 }], validate: CHECKS, distribute: [MANAGED_IMAGE] },
    {
      ...NEWEST,
      onEvent: event => {
        at('customize', () => {
          seen.push(has(diskOf('build', 5), FIRST, 1));
          write(diskOf('build', 5), SECOND, 2);
          pins = store.db.selectFrom('blob_pins').select(['digest', 'holder']).execute();
        })(event);
        at('validate', () =>
          seen.push(has(diskOf('validation', 5), FIRST, 1), has(diskOf('validation', 5), SECOND, 2)),
        )(event);
      },
    },
  );
  expect(second.error).toBeUndefined();
  expect(seen).toEqual([true, true, true]);
  expect(site.driver.machines.slice(-2).map(machine => machine.spec.dataDisks)).toEqual([
    [0, 1, 5],
    [0, 1, 5],
  ]);
  const image = await showImage(store, 'image');
  expect(image.dataDisks.map(({ lun, virtualSizeBytes }) => [lun, virtualSizeBytes / GIB])).toEqual([
    [0, 1],
    [1, 4],
    [5, 3],
  ]);
  const carried = image.dataDisks[2]?.copies[0]?.path ?? '';
  expect([has(carried, FIRST, 1), has(carried, SECOND, 2), has(carried, THIRD, 0)]).toEqual([true, true, true]);
  // The source is as it was, and was held for the run with all its disks.
  for (const { digest, copies } of version.dataDisks) expect(await digestFile(copies[0]?.path ?? '')).toBe(digest);
  const ofSource = [version, ...version.dataDisks].map(({ digest }) => ({ digest, holder: runHolder(second.runId) }));
  expect(new Set(await pins)).toEqual(new Set(ofSource));
  // What both have stays: the disk at LUN 1, and nobody wrote to it.
  await removeImage(store, version.id);
  const kept = [image, ...image.dataDisks].flatMap(({ copies }) => copies.map(({ path }) => path));
  expect([...(await site.storedFiles())].sort()).toEqual([...new Set(kept)].sort());
  expect(await site.leftovers()).toEqual([]);
});

test('a LUN that the source uses is refused by its path before anything boots', async () => {
  await site.build({ additionalDataDisks: [{ sizeGB: 1 }], distribute: [MANAGED_IMAGE] }, NEWEST);
  const before = site.driver.machines.length;
  const refused = await site.build(
    {
      source: { type: 'ManagedImage', imageId: MANAGED_IMAGE.imageId },
      additionalDataDisks: [{ sizeGB: 1 }, { sizeGB: 2 }],
    },
    NEWEST,
  );
  expect(refused.error).toMatchObject({
    code: 'DataDiskLunTaken',
    exit: 2,
    target: 'properties.additionalDataDisks[0]',
    message: expect.stringContaining(`LUN 0 is one of the source ${MANAGED_IMAGE.imageId}`),
  });
  expect(site.driver.machines.length).toBe(before);
});

test('a source is validated with its data disks, which stay as they are', async () => {
  const onEvent = at('customize', () => write(diskOf('build', 0), FIRST, 1));
  await site.build({ additionalDataDisks: [{ sizeGB: 1 }], distribute: [MANAGED_IMAGE] }, { ...NEWEST, onEvent });
  const seen: boolean[] = [];
  const only = await site.build(
    {
      source: { type: 'ManagedImage', imageId: MANAGED_IMAGE.imageId },
      validate: { ...CHECKS, sourceValidationOnly: true },
    },
    { ...NEWEST, onEvent: at('validate', () => void seen.push(has(diskOf('validation', 0), FIRST, 1))) },
  );
  expect(only.error).toBeUndefined();
  expect(seen).toEqual([true]);
  expect(site.driver.machines.at(-1)).toMatchObject({ role: 'validation', spec: { dataDisks: [0] } });
});

test('an image whose data disk cannot be read is not published', async () => {
  const build = await site.build(
    { additionalDataDisks: [{ sizeGB: 1 }], validate: CHECKS, distribute: [VHD, MANAGED_IMAGE, SHARED_IMAGE] },
    {
      ...NEWEST,
      onEvent: at(
        'validate',
        () => void execaSync('dd', ['if=/dev/zero', `of=${diskOf('build', 0)}`, 'bs=512', 'count=1', 'conv=notrunc']),
      ),
    },
  );
  expect(build.status).toBe('PartiallySucceeded');
  expect(build.outputs.map(({ name }) => name)).toEqual(['disk']);
  expect(build.error?.details.map(({ code }) => code)).toEqual(['ToolFailed', 'ToolFailed']);
  expect((await site.storedFiles()).map(path => path.endsWith('.vhd'))).toEqual([true]);
  expect(await site.leftovers()).toEqual([]);
});
